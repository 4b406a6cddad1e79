from itertools import pairwise
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.agreement.report.charts.scale import Scale

numbers = st.floats(-1e6, 1e6)


def test_values_lie_in_proportion():
    scale = Scale(-0.2, 1.0, 10, 130)
    assert [scale(-0.2), scale(0.4), scale(1.0)] == pytest.approx([10, 70, 130])


def test_a_scale_may_run_downwards():
    scale = Scale(0, 1, 200, 0)
    assert [scale(0), scale(0.25), scale(1)] == [200, 150, 0]


def test_what_lies_outside_is_held_at_the_end():
    assert Scale(0, 1, 0, 100)(7) == 100
    assert Scale(0, 1, 0, 100)(-7) == 0


@given(st.lists(numbers, max_size=5), numbers, numbers)
def test_a_scale_is_monotone_and_holds_its_values(values, one, other):
    scale = Scale.over(values, 2, 98)
    assert (scale(one) <= scale(other)) or one > other
    assert all(scale.low <= value <= scale.high for value in values)
    assert 2 <= scale(one) <= 98


@given(numbers, numbers)
def test_ticks_are_on_the_scale_few_and_evenly_spaced(one, other):
    if abs(one - other) < 1e-3:
        return
    scale = Scale(min(one, other), max(one, other), 0, 100)
    ticks = scale.ticks
    assert 2 <= len(ticks) <= 8
    assert all(scale.low - scale.step * 1e-6 <= tick <= scale.high + scale.step * 1e-6 for tick in ticks)
    assert [b - a for a, b in pairwise(ticks)] == pytest.approx([scale.step] * (len(ticks) - 1))


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-0.3, 1, ["0.0", "0.5", "1.0"]),
        (-0.1, 0.1, ["−0.10", "−0.05", "0.00", "0.05", "0.10"]),
        (0, 120, ["0", "20", "40", "60", "80", "100", "120"]),
    ],
)
def test_ticks_are_round_numbers(low, high, texts):
    scale = Scale(low, high, 0, 100)
    assert [scale.tick_text(tick) for tick in scale.ticks] == texts


def test_none_and_nan_do_not_widen_a_scale():
    assert Scale.over([None, nan, 0.5, -0.25], 0, 100) == Scale(-0.25, 1.0, 0, 100)


def test_a_scale_needs_room():
    with pytest.raises(ValueError, match="no scale runs from 1 to 1"):
        Scale(1, 1, 0, 100)
