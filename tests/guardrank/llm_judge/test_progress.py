"""What is shown of the progress, and where."""

import pytest

from guardrank.llm_judge import progress
from guardrank.llm_judge.progress import ChatProgress


def run(total, *, wanted=True, dollars=1.234):
    with ChatProgress(total, wanted=wanted) as shown:
        for _ in range(3):
            shown.move(dollars)


def test_elsewhere_than_on_a_terminal_a_line_every_half_minute(capfd, monkeypatch):
    run(1_200)
    assert capfd.readouterr().err == ""
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    run(1_200)
    first, *_, last = capfd.readouterr().err.splitlines()
    assert first.startswith("1 of 1,200 records, 1.23 dollars")
    assert last.startswith("3 of 1,200 records, 1.23 dollars, 0:0") and last.endswith(" left")


def test_no_price_and_no_total(capfd, monkeypatch):
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    run(None, dollars=None)
    assert capfd.readouterr().err.splitlines() == ["1 records", "2 records", "3 records"]


def test_not_wanted(capfd, monkeypatch):
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    run(3, wanted=False)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("total", "shown"), [(3, "3 of 3 records, 1.23 dollars"), (None, "3 records, 1.23 dollars")]
)
def test_a_bar_on_a_terminal(capfd, monkeypatch, total, shown):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    run(total)
    assert shown in capfd.readouterr().err


def test_a_judge_shows_it(judge, records, capfd, monkeypatch):
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    list(judge(progress=True).score(records(4)))
    assert capfd.readouterr().err.splitlines()[-1].startswith("4 of 4 records")
