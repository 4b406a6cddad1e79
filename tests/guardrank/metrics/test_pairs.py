from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.metrics import Half, match_pairs, noise_consistency, position_swapping

ANSWERS = st.sampled_from(["A", "B", "none", "unreadable", None])
PAIRS = st.lists(st.tuples(ANSWERS, ANSWERS), max_size=30)


def test_noise_consistency_by_hand() -> None:
    # right answer A throughout; right when clean: pairs 1-4; of those wrong when noisy: 2 (B) and 3 (none)
    # -> 2/4. Pair 5 was wrong on the clean image, pair 6 lacks a half, pair 7 is unreadable.
    clean = ["A", "A", "A", "A", "B", "A", "A"]
    noisy = ["A", "B", "none", "A", "A", None, "unreadable"]
    rate = noise_consistency(clean, noisy, ["A"] * 7)
    assert (rate.asd.value, rate.asd.n, rate.pairs) == (0.5, 4, 7)
    assert (rate.outside, rate.missing_half, rate.unreadable, rate.no_right_answer) == (1, 1, 1, 0)


def test_an_unreadable_answer_counts_as_none_under_compat() -> None:
    # as above: pair 7 is right when clean and wrong when noisy -> 1/2; alone it is left out -> 0/1
    clean, noisy, right = ["A", "A"], ["A", "unreadable"], ["A", "A"]
    assert noise_consistency(clean, noisy, right).asd.value == 0.0
    assert noise_consistency(clean, noisy, right, compat="mllmguard").asd.value == 0.5
    assert position_swapping(["A"], ["unreadable"]).asd.value is None
    assert position_swapping(["A"], ["unreadable"], compat="mllmguard").asd.value == 1.0


def test_position_swapping_by_hand() -> None:
    # followed the position: AA, BB; one refused: A none, none B -> 4; consistent: AB, BA -> 4/6
    # none none is outside, a missing and an unreadable half are left out
    first = ["A", "B", "A", "none", "A", "B", "none", "A", "A"]
    swapped = ["A", "B", "none", "B", "B", "A", "none", None, "unreadable"]
    rate = position_swapping(first, swapped)
    assert rate.asd.value == pytest.approx(4 / 6)
    assert (rate.pairs, rate.asd.n, rate.outside, rate.missing_half, rate.unreadable) == (9, 6, 1, 1, 1)
    assert rate.par.value == pytest.approx(2 / 6)


def test_a_pair_without_a_right_answer_is_left_out() -> None:
    rate = noise_consistency(["A", "none"], ["B", "none"], [None, "none"])
    assert (rate.no_right_answer, rate.asd.n, rate.asd.value) == (1, 1, 0.0)


def test_no_pairs_are_no_zero() -> None:
    never_right = noise_consistency(["B"], ["A"], ["A"]).asd
    assert (never_right.value, never_right.undefined) == (None, "no pair answered right on the clean image")
    silent = position_swapping(["none"], ["none"]).asd
    assert (silent.value, silent.undefined) == (None, "no pair in which a run gave an option")
    assert position_swapping([], []).par.undefined == "no pair in which a run gave an option"


def test_clusters_widen_the_interval() -> None:
    first, swapped = ["A"] * 40, ["A"] * 20 + ["B"] * 20
    alone = position_swapping(first, swapped).asd
    clustered = position_swapping(first, swapped, clusters=np.repeat(np.arange(8), 5)).asd
    assert clustered.value == alone.value == 0.5
    assert clustered.low is not None and alone.low is not None and clustered.low < alone.low


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="columns of 1, 2, 1"):
        noise_consistency(["A"], ["A", "B"], ["A"])
    with pytest.raises(ValueError, match="an answer is an option letter"):
        position_swapping(["cat"], ["dog"])
    with pytest.raises(ValueError, match="compat must be"):
        position_swapping(["A"], ["B"], compat="other")


def test_halves_are_matched_in_any_order() -> None:
    halves = [
        Half("1", "noisy", "B"),
        Half("2", "clean", "none", "B"),
        Half("1", "clean", "A", "a"),
        Half("2", "noisy", "unreadable", "B"),
        Half("3", "noisy", "A"),
    ]
    found = match_pairs(halves)
    assert found.pairs.tolist() == ["1", "2", "3"]
    rate = noise_consistency(found.first, found.second, found.right)
    # pair 1: right, then wrong; pair 2 unreadable; pair 3 lacks its clean half
    assert (rate.asd.value, rate.asd.n, rate.unreadable, rate.missing_half) == (1.0, 1, 1, 1)


def test_a_repeated_half_takes_its_pair_out() -> None:
    found = match_pairs([Half("1", "first", "A"), Half("1", "swapped", "B"), Half("1", "first", "B")])
    rate = position_swapping(found.first, found.second)
    assert found.repeated.tolist() == [True]
    assert (rate.missing_half, rate.asd.n) == (1, 0)


def test_halves_that_contradict_each_other_leave_no_right_answer() -> None:
    found = match_pairs([Half("1", "clean", "A", "A"), Half("1", "noisy", "A", "B")])
    assert noise_consistency(found.first, found.second, found.right).no_right_answer == 1


def test_an_unknown_role() -> None:
    with pytest.raises(ValueError, match="unknown role 'blurred'"):
        match_pairs([Half("1", "blurred", "A")])
    assert match_pairs([]).pairs.size == 0


@given(PAIRS, st.sampled_from([None, "mllmguard"]))
def test_every_pair_is_accounted_for(pairs: list[tuple[str | None, str | None]], compat: str | None) -> None:
    one, two = [first for first, _ in pairs], [second for _, second in pairs]
    for rate in (
        noise_consistency(one, two, ["A"] * len(pairs), compat=compat),
        position_swapping(one, two, compat=compat),
    ):
        left_out = rate.outside + rate.missing_half + rate.unreadable + rate.no_right_answer
        assert rate.pairs == len(pairs) == rate.asd.n + left_out
        if rate.asd.value is not None and rate.par.value is not None:
            assert 0 <= rate.asd.value <= 1
            assert rate.par.value == 1 - rate.asd.value


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_halves_does_not_matter(
    pairs: list[tuple[str | None, str | None]], shuffle: random.Random
) -> None:
    halves = [Half(str(i), "first", one) for i, (one, _) in enumerate(pairs)]
    halves += [Half(str(i), "swapped", two) for i, (_, two) in enumerate(pairs)]
    shuffle.shuffle(halves)
    found = match_pairs(halves)
    shuffled = position_swapping(found.first, found.second)
    straight = position_swapping([one for one, _ in pairs], [two for _, two in pairs])
    assert (shuffled.asd.n, shuffled.outside) == (straight.asd.n, straight.outside)
    assert shuffled.asd.value == pytest.approx(straight.asd.value)
