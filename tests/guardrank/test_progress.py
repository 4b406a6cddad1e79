"""The speed, the time left, and what is shown of them where."""

import pytest

from guardrank import progress
from guardrank.progress import Pace, Progress, show_duration


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


def test_bursts_are_timed_from_the_first_step_of_one_to_that_of_another():
    pace = Pace(3_000)
    pace.jump(0, 0.0)
    for burst in range(2):
        for step in range(1_000):
            pace.move(1_000 * burst + step + 1, 40.0 * (burst + 1) + step / 1_000)
            if burst == 0:
                assert pace.speed is None
            else:
                assert pace.speed == 25
    assert str(pace) == "2,000 of 3,000 rows, 25 rows/s, 40 s left"


def test_single_steps_have_a_speed_from_the_second_on():
    pace = Pace(10)
    pace.jump(3, 0.0)
    pace.move(4, 50.0)
    assert pace.speed is None
    pace.move(5, 100.0)
    assert pace.speed == 0.02
    pace.move(6, 200.0)
    assert pace.speed == 0.01


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


def run(total, **options):
    with Progress(total, **options) as shown:
        shown.passed_over(1_000)
        shown.reached(2_000)
        shown.advance("1.23 dollars")


@pytest.fixture
def talkative(monkeypatch):
    monkeypatch.setattr(progress, "SPAN_SECONDS", 0.0)


def test_elsewhere_than_on_a_terminal_a_log_stays_silent_for_half_a_minute(capfd):
    run(3_000)
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("talkative")
def test_then_it_says_how_far_it_is(capfd):
    run(3_000, unit="records", title="[b]ours[/b]")
    first, *_, last = capfd.readouterr().err.splitlines()
    assert first == "[b]ours[/b]: 1,000 of 3,000 records"
    assert last.startswith("[b]ours[/b]: 2,001 of 3,000 records, ")
    assert last.endswith(" left, 1.23 dollars")


@pytest.mark.usefixtures("talkative")
def test_not_wanted(capfd, monkeypatch):
    run(3_000, wanted=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    run(3_000, wanted=False)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("total", "shown"), [(3_000, "2,001 of 3,000 rows"), (None, "2,001 rows")])
def test_a_bar_on_a_terminal(capfd, monkeypatch, total, shown):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "140")
    run(total, title="[b]ours[/b]")
    assert f"[b]ours[/b]: {shown}" in capfd.readouterr().err
