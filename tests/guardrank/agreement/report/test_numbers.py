from math import inf, nan

import pytest

from guardrank.agreement.report.numbers import brackets, counted, decimal, ends, percent, probability, written
from guardrank.metrics import Estimate


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.812, 9, 0.7849, 0.8391), "0.81 [0.78, 0.84]"),
        (Estimate(-0.034, 9, -0.1, 0.0), "−0.03 [−0.10, 0.00]"),
        (Estimate(-0.001, 9), "0.00"),
        (Estimate(0.5, 9), "0.50"),
        (Estimate.nothing("no scores"), "undefined: no scores"),
        (Estimate(nan, 9, 0.1, 0.2), "undefined: not a number"),
        (Estimate(inf, 9), "undefined: not a number"),
        (Estimate(0.5, 9, nan, 0.6), "0.50"),
        (Estimate.nothing("a\u202eb"), "undefined: a⟨U+202E⟩b"),
    ],
)
def test_an_estimate_in_words(estimate, text):
    assert written(estimate) == text


def test_a_difference_carries_its_sign():
    assert written(Estimate(0.178, 9, -0.0149, 0.2091), 3, sign=True) == "+0.178 [−0.015, +0.209]"
    assert decimal(0.001, sign=True) == "0.00"
    assert brackets(Estimate(0.1, 9)) == ""


def test_an_interval_is_there_only_with_a_value_and_both_ends():
    assert ends(Estimate(0.5, 9, 0.4, 0.6)) == (0.4, 0.6)
    assert ends(Estimate(nan, 9, 0.4, 0.6)) is None
    assert ends(Estimate(0.5, 9, 0.4, inf)) is None


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.004, "<1 %"), (0.006, "1 %"), (0.81, "81 %"), (0.996, ">99 %"), (1.0, "100 %"), (nan, "–")],
)
def test_shares_are_not_rounded_to_nothing_or_to_all(share, text):
    assert percent(share) == text


def test_counts_and_probabilities():
    assert [counted(1, "row"), counted(0, "row"), counted(12_345, "row")] == ["1 row", "0 rows", "12,345 rows"]
    assert [probability(p) for p in (0.31, 0.001, 0.00099, None)] == ["0.310", "0.001", "<0.001", "–"]
