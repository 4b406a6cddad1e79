from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.metrics import Estimate


def test_the_complement_mirrors_the_interval() -> None:
    assert Estimate(0.25, 8, 0.125, 0.5).complement() == Estimate(0.75, 8, 0.5, 0.875)


def test_scaling_moves_value_and_interval() -> None:
    assert Estimate(0.5, 8, 0.25, 0.75).scaled(0.5) == Estimate(0.25, 8, 0.125, 0.375)


def test_an_undefined_estimate_stays_so_and_keeps_its_reason() -> None:
    nothing = Estimate.nothing("no scores")
    assert nothing.complement() == nothing.scaled(3) == nothing
    assert nothing.because("bias") == Estimate(None, 0, undefined="bias: no scores")
    assert Estimate(0.5, 2).because("bias") == Estimate(0.5, 2)


def test_a_value_and_a_reason_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="either a value or the reason"):
        Estimate(None, 0)
    with pytest.raises(ValueError, match="either a value or the reason"):
        Estimate(0.5, 1, undefined="no scores")
    with pytest.raises(ValueError, match="two ends"):
        Estimate(0.5, 1, low=0.1)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_complementing_twice_changes_nothing(a: float, b: float, c: float) -> None:
    low, value, high = sorted((a, b, c))
    twice = Estimate(value, 1, low, high).complement().complement()
    assert (twice.value, twice.low, twice.high) == pytest.approx((value, low, high))
