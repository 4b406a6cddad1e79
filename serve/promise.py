"""``--abstain-at RATE``: the judges' own bars give way to those that promise an error rate.

    Calibration.error_bars (guardrank.train.selective) ──largest rate not above RATE──> abstain_below

A promise is a promise: a dimension that cannot make it abstains on all of its rows, and is warned of.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from math import inf

from guardrank.console import say, warn
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.errors import UsageError
from guardrank.judge import HeadJudge, Output

Seats = dict[Dimension, tuple[HeadJudge, Output]]


def keep_promise(judges: Sequence[HeadJudge], rate: float, wanted: Dimension | None = None) -> list[HeadJudge]:
    """The judges with the bars for the error rate ``rate``, in [0, 1]; says which bars these are.

    Args:
        wanted: the only dimension that will be scored; None for all.

    Raises:
        UsageError: none of the judges can promise it in any dimension that it would score.
    """
    seats = _seats(judges, wanted)
    able = {dim: bar for dim, (_, output) in seats.items() if (bar := output.calibration.bar_for(rate)) is not None}
    if not able:
        raise UsageError(_nobody_can(seats, rate))
    bars = ", ".join(f"{bar:.3f} in {dimension}" for dimension, bar in able.items())
    promise = f"At most {100 * rate:.3g} % of the verdicts kept are wrong, on rows like the dev rows"
    say(f"{promise}: abstaining below {bars}")
    if unable := [f"{dim} ({_at_best(output)})" for dim, (_, output) in seats.items() if dim not in able]:
        warn(f"Every verdict in {', '.join(unable)} abstains: no error rate of {rate:.3g} can be promised there")
    return [_held(judge, rate) for judge in judges]


def _seats(judges: Sequence[HeadJudge], wanted: Dimension | None) -> Seats:
    """Who will score each dimension, as ``Panel`` seats them."""
    seats: Seats = {}
    for judge in judges:
        for output in judge.manifest.outputs:
            if wanted in (None, output.dimension):
                seats.setdefault(output.dimension, (judge, output))
    return {dimension: seats[dimension] for dimension in DIMENSIONS if dimension in seats}


def _held(judge: HeadJudge, rate: float) -> HeadJudge:
    held = copy(judge)
    held.manifest = judge.manifest.model_copy(
        update={"outputs": tuple(_with_bar(output, rate) for output in judge.manifest.outputs)}
    )
    return held


def _with_bar(output: Output, rate: float) -> Output:
    bar = output.calibration.bar_for(rate)
    calibration = output.calibration.model_copy(update={"abstain_below": inf if bar is None else bar})
    return output.model_copy(update={"calibration": calibration})


def _at_best(output: Output) -> str:
    lowest = min((rate for rate, _ in output.calibration.error_bars), default=None)
    return "nothing is proven" if lowest is None else f"{lowest:.3g} at best"


def _nobody_can(seats: Seats, rate: float) -> str:
    proven = [
        (lowest, dimension, judge)
        for dimension, (judge, output) in seats.items()
        for lowest, _ in output.calibration.error_bars
    ]
    if not proven:
        names = ", ".join(dict.fromkeys(judge.name for judge, _ in seats.values())) or "the judges here"
        return (
            f"--abstain-at {rate:.3g}: nothing is proven of the error rate of {names}: train with more dev rows, "
            "or with a guardrank that proves error rates"
        )
    lowest, dimension, judge = min(proven, key=lambda one: one[0])
    return (
        f"--abstain-at {rate:.3g}: no judge here can promise that; the lowest is {lowest:.3g}, by {judge.name} in "
        f"{dimension}: give --abstain-at {lowest:.3g} or more"
    )
