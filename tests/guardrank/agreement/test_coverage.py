from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from guardrank.agreement.agreement_figures import agreement
from guardrank.agreement.coverage import coverage
from guardrank.agreement.sample import Bootstrap, Sample

QUICK = Bootstrap(200)


def never(n: int) -> np.ndarray:
    return np.zeros(n, np.bool_)


def test_by_hand() -> None:
    # surest first: right right wrong right wrong right right wrong right wrong
    right = np.array([1, 1, 0, 1, 0, 1, 1, 0, 1, 0])
    labels = np.array([0, 1] * 5)
    sample = Sample(labels, np.where(right, labels, 1 - labels), np.arange(10), 2)
    found = coverage("judge", np.linspace(0.95, 0.5, 10), sample, never(10), QUICK)
    assert [point.coverage for point in found.points] == pytest.approx([i / 10 for i in range(1, 11)])
    shares = [1, 1, 2 / 3, 3 / 4, 3 / 5, 4 / 6, 5 / 7, 5 / 8, 6 / 9, 6 / 10]
    assert [point.accuracy.value for point in found.points] == pytest.approx(shares)
    assert [point.accuracy.n for point in found.points] == list(range(1, 11))
    # one row has one label; in the surest four, labels 0 1 0 1 against 0 1 1 1: (3/4 - 1/2) / (1/2)
    assert found.points[0].kappa.undefined == "every label is the same"
    assert found.points[3].kappa.value == pytest.approx(0.5)
    assert found.own is None


def test_the_whole_is_the_agreement_on_all_rows() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    scores = np.where(rng.random(200) < 0.7, labels, rng.integers(0, 3, 200))
    sample = Sample(labels, scores, np.arange(200) // 2, 3)
    last = coverage("judge", rng.random(200), sample, never(200), QUICK).points[-1]
    whole = agreement("judge", sample, QUICK)
    assert last.kappa.value == pytest.approx(whole.kappa.value)
    assert last.accuracy.value == pytest.approx(whole.accuracy.value)


def test_ties_count_as_the_mean_of_all_ways_to_break_them() -> None:
    # one row at 0.9, four at 0.7 (three of them right), five at 0.6: at 0.3, two of the four are needed
    confidence = np.array([0.7, 0.9, 0.7, 0.6, 0.7, 0.7, 0.6, 0.6, 0.6, 0.6])
    labels = np.zeros(10, np.int64)
    scores = np.array([0, 1, 0, 1, 1, 0, 0, 0, 0, 1])
    found = coverage("judge", confidence, Sample(labels, scores, np.arange(10), 2), never(10), QUICK)
    every_way = [
        accuracy_score(labels[[1, *two]], scores[[1, *two]])
        for two in permutations(np.flatnonzero(confidence == 0.7), 2)
    ]
    assert found.points[2].accuracy.value == pytest.approx(np.mean(every_way)) == pytest.approx(0.5)


def test_one_confidence_for_all_is_a_flat_curve() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 60)
    sample = Sample(labels, labels ^ (rng.random(60) < 0.2), np.arange(60), 2)
    found = coverage("judge", np.full(60, 0.8), sample, never(60), QUICK)
    for point in found.points:
        assert point.accuracy.value == pytest.approx(found.points[-1].accuracy.value)
        assert point.kappa.value == pytest.approx(found.points[-1].kappa.value)


def test_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    labels, scores, clusters = rng.integers(0, 3, (3, 150))
    confidence = rng.integers(5, 10, 150) / 10  # many ties
    abstained, shuffled = confidence < 0.6, rng.permutation(150)
    sample = Sample(labels, scores, clusters + 3, 3)
    again = coverage("judge", confidence[shuffled], sample.only(shuffled), abstained[shuffled], QUICK)
    assert again == coverage("judge", confidence, sample, abstained, QUICK)


def test_a_sure_rater_is_better_on_what_it_is_sure_of() -> None:
    rng = np.random.default_rng(3)
    clusters = np.arange(2000) // 4
    confidence = rng.uniform(0.5, 1, 2000)
    labels = rng.integers(0, 2, 2000)
    sample = Sample(labels, labels ^ (rng.random(2000) > confidence), clusters, 2)
    found = coverage("judge", confidence, sample, confidence < 0.75, Bootstrap(500))
    # right with probability c: surest tenth 0.975 on average, all 0.75
    for point, truth in ((found.points[0], 0.975), (found.points[-1], 0.75), (found.own, 0.875)):
        assert point is not None
        assert point.accuracy.low is not None and point.accuracy.high is not None
        assert point.accuracy.low <= truth <= point.accuracy.high
    assert found.own is not None and found.own.coverage == pytest.approx(0.5, abs=0.03)
    assert found.points[0].accuracy.low > found.points[-1].accuracy.high


def test_where_all_is_right_the_interval_is_wilsons() -> None:
    labels = np.arange(100) % 2
    scores = np.where(np.arange(100) < 90, labels, 1 - labels)
    found = coverage(
        "judge", np.linspace(1, 0.5, 100), Sample(labels, scores, np.arange(100), 2), never(100), QUICK
    )
    point = found.points[4]
    # 50 of 50: Wilson's low is 50 / (50 + 1.96 ** 2)
    assert (point.accuracy.value, point.accuracy.high) == (1, 1)
    assert point.accuracy.low == pytest.approx(50 / (50 + 1.96**2), abs=1e-4)
    assert (point.kappa.value, point.kappa.low) == (1, None)


def test_a_rater_that_abstains_from_everything() -> None:
    labels = np.array([0, 1, 1])
    own = coverage("judge", np.full(3, 0.5), Sample(labels, labels, np.arange(3), 2), ~never(3), QUICK).own
    assert own is not None
    assert (own.coverage, own.accuracy.value, own.accuracy.undefined) == (
        0,
        None,
        "no rows with a label and a score",
    )


def test_no_rows() -> None:
    found = coverage("judge", np.empty(0), Sample(*np.empty((3, 0), np.int64), 2), never(0), QUICK)
    assert (found.points, found.own) == ([], None)


def test_few_rows_are_rounded_up() -> None:
    labels = np.array([0, 1, 0])
    found = coverage("judge", np.array([0.9, 0.8, 0.7]), Sample(labels, labels, np.arange(3), 2), never(3), QUICK)
    assert [point.accuracy.n for point in found.points] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 3]


def test_what_is_no_confidence() -> None:
    with pytest.raises(ValueError, match="leave out the rows"):
        coverage("judge", np.array([np.nan]), Sample(*np.zeros((3, 1), np.int64), 2), never(1), QUICK)
