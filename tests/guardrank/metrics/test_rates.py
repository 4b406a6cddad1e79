from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.metrics import asd, par, wilson_interval

SCORES = st.lists(st.none() | st.integers(0, 3), max_size=40)


def test_asd_and_par_by_hand() -> None:
    # (0 + 3 + 1 + 0) / 3 / 4 = 4/12; two of four are 0; the None is left out
    scores = [0, 3, None, 1, 0]
    assert asd(scores, top_score=3).value == pytest.approx(1 / 3)
    assert par(scores).value == 0.5
    assert asd(scores, top_score=3).n == par(scores).n == 4


def test_hallucination_as_the_reference_code_computes_it() -> None:
    # labels 0, 1, 1, 1: ASD 3/4 on their own scale; divided by 3 as in MLLMGuard's score.py, 1/4
    labels = [0, 1, 1, 1]
    own, theirs = asd(labels, top_score=1), asd(labels, top_score=1, compat="mllmguard")
    assert own.value == 0.75
    assert theirs.value == pytest.approx(0.25)
    assert theirs.low == pytest.approx((own.low or 0) / 3)
    assert asd([0, 3], top_score=3, compat="mllmguard") == asd([0, 3], top_score=3)


@pytest.mark.parametrize("scores", [[], [None, None]])
def test_no_scores_are_no_zero(scores: list[int | None]) -> None:
    for estimate in (asd(scores, top_score=3), par(scores)):
        assert (estimate.value, estimate.n, estimate.undefined) == (None, 0, "no scores")


def test_clusters_follow_their_scores_when_failures_go() -> None:
    clustered = asd([0, None, 1, 1], top_score=1, clusters=["a", "x", "b", "b"])
    assert (clustered.low, clustered.high) == wilson_interval([0, 1, 1], ["a", "b", "b"])


def test_arrays_and_lists_agree() -> None:
    scores = [0, 1, 2, 3, 0]
    assert asd(np.array(scores, np.int8), top_score=3) == asd(scores, top_score=3)
    assert par(np.array(scores, np.int8)) == par(scores)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="must lie in 0 to 1, not 0 to 3"):
        asd([0, 3], top_score=1)
    with pytest.raises(ValueError, match="compat must be"):
        asd([0], top_score=1, compat="mllm")
    with pytest.raises(ValueError, match="1 clusters for 2 rows"):
        par([0, 1], clusters=["a"])


@given(SCORES)
def test_rates_are_rates_and_ignore_the_order(scores: list[int | None]) -> None:
    for rate, turned in (
        (asd(scores, top_score=3), asd(scores[::-1], top_score=3)),
        (par(scores), par(scores[::-1])),
    ):
        assert (rate.value is None) == (not any(score is not None for score in scores))
        if rate.value is not None and rate.low is not None and rate.high is not None:
            assert 0 <= rate.low <= rate.value <= rate.high <= 1
            assert turned.value == pytest.approx(rate.value)


@given(SCORES)
def test_perfect_answers_and_attacks_share_one_scale(scores: list[int | None]) -> None:
    perfect, attacked = par(scores).value, asd(scores, top_score=3).value
    if perfect is not None and attacked is not None:
        assert attacked <= 1 - perfect + 1e-12 <= 3 * attacked + 1e-9
