"""The speed, the time left, and what is shown of them where."""

import pytest

from guardrank.serve import progress
from guardrank.serve.progress import Pace, ScoringProgress, show_duration


def test_the_speed_is_that_of_the_last_half_minute():
    pace = Pace(10_000)
    pace.jump(0, 0.0)
    assert (pace.speed, str(pace)) == (None, "0 of 10,000 rows")
    pace.move(100, 1.0)
    assert str(pace) == "100 of 10,000 rows, 100 rows/s, 99 s left"
    for second in range(2, 102):
        pace.move(100 + 10 * (second - 1), float(second))
    # the first second is forgotten: 1,100 rows are done, and 8,900 take 890 s at 10 rows/s
    assert str(pace) == "1,100 of 10,000 rows, 10 rows/s, 15 min left"


def test_windows_longer_than_half_a_minute_still_have_a_speed():
    pace = Pace(None)
    pace.jump(0, 0.0)
    pace.move(64, 100.0)
    pace.move(128, 228.0)
    assert str(pace) == "128 rows, 0.5 rows/s"


def test_rows_from_before_are_done_but_are_no_speed():
    pace = Pace(2_000)
    pace.jump(0, 0.0)
    pace.jump(1_000, 1.0)
    assert (str(pace), pace.speed) == ("1,000 of 2,000 rows", None)
    pace.move(1_100, 11.0)
    assert str(pace) == "1,100 of 2,000 rows, 10 rows/s, 90 s left"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (99, "99 s"), (2_100, "35 min"), (12_900, "3 h 35 min")]
)
def test_a_duration(seconds, shown):
    assert show_duration(seconds) == shown


def run(total):
    with ScoringProgress(total) as shown:
        shown.passed_over(1_000)
        for done in (2_000, 3_000):
            shown.scored(done)


def test_elsewhere_than_on_a_terminal_a_line_every_half_minute(capfd, monkeypatch):
    run(3_000)
    assert capfd.readouterr().err == ""
    monkeypatch.setattr(progress, "SPAN_SECONDS", 0.0)
    run(3_000)
    first, *_, last = capfd.readouterr().err.splitlines()
    assert first == "1,000 of 3,000 rows"
    assert last.startswith("3,000 of 3,000 rows, ")
    assert last.endswith(" rows/s, 0 s left")


@pytest.mark.parametrize(("total", "shown"), [(3_000, "3,000 of 3,000 rows"), (None, "3,000 rows")])
def test_a_bar_on_a_terminal(capfd, monkeypatch, total, shown):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    run(total)
    assert shown in capfd.readouterr().err
