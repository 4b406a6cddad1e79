"""How far a study is, where no terminal shows a bar."""

from guardrank.agreement import progress
from guardrank.agreement.progress import Steps


def test_a_log_stays_silent_for_a_while(capsys):
    with Steps("ours", 3) as steps:
        for _ in range(3):
            steps.advance()
    assert capsys.readouterr().err == ""


def test_then_it_says_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    with Steps("[b]ours[/b]", 2000) as steps:
        steps.advance(500)
        steps.advance(1000)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "[b]ours[/b]: 500 of 2,000 rows"
    assert second.startswith("[b]ours[/b]: 1,500 of 2,000 rows, ")
    assert second.endswith(" s left")
