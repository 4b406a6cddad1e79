from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from guardrank.agreement.calibration import calibration
from guardrank.agreement.sample import Bools, Bootstrap, Floats, Ints

QUICK = Bootstrap(200)


def test_by_hand() -> None:
    # two bins about the median 0.7: 0.5 0.6 0.7 (two right) and 0.8 0.9 1.0 (all right)
    # gaps 2/3 - 0.6 and 1 - 0.9, half of the rows each
    confidence = np.array([0.9, 0.5, 0.7, 0.8, 0.6, 1.0])
    correct = np.array([True, True, False, True, True, True])
    found = calibration("judge", confidence, correct, np.arange(6), QUICK, bins=2)
    assert [bin_.n for bin_ in found.bins] == [3, 3]
    assert [bin_.confidence for bin_ in found.bins] == pytest.approx([0.6, 0.9])
    assert [bin_.accuracy for bin_ in found.bins] == pytest.approx([2 / 3, 1])
    assert (found.rater, found.n, found.ece.n) == ("judge", 6, 6)
    assert found.ece.value == pytest.approx((0.2 / 3 + 0.1) / 2)


def test_scikit_learns_own_example() -> None:
    # calibration_curve(n_bins=3, strategy="uniform") of its docstring: 0, 0.5, 1 at 0.2, 0.525, 0.85;
    # by quantiles the nine rows part 3, 3, 3: 0 0 0 | 0 1 1 | 1 1 1
    confidence = np.array([0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1.0])
    correct = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1], np.bool_)
    found = calibration("judge", confidence, correct, np.arange(9), QUICK, bins=3)
    assert [bin_.accuracy for bin_ in found.bins] == pytest.approx([0, 2 / 3, 1])
    assert [bin_.confidence for bin_ in found.bins] == pytest.approx([0.2, 1.75 / 3, 0.9])


@pytest.mark.parametrize("n", [61, 241, 250, 1006])
def test_a_row_at_an_edge_is_in_scikit_learns_bin(n: int) -> None:
    # with 15 bins and n - 1 a multiple of 15, edges are confidences themselves
    confidence = np.random.default_rng(n).random(n).round(6)
    found = calibration("judge", confidence, np.arange(n) % 2 == 0, np.arange(n), QUICK, bins=15)
    assert sum(bin_.n for bin_ in found.bins) == n


def test_equal_confidences_share_a_bin() -> None:
    confidence = np.r_[np.full(80, 1.0), np.linspace(0.5, 0.9, 20)]
    correct = np.r_[np.arange(80) < 60, np.full(20, True)]
    found = calibration("judge", confidence, correct, np.arange(100), QUICK)
    assert (found.bins[-1].n, found.bins[-1].confidence, found.bins[-1].accuracy) == (80, 1, 0.75)
    assert sum(bin_.n for bin_ in found.bins) == 100
    assert all(bin_.n > 0 for bin_ in found.bins)
    # 80 rows 0.25 too sure, 20 rows 0.3 too modest on average
    assert found.ece.value == pytest.approx(0.8 * 0.25 + 0.2 * 0.3)


def test_one_confidence_for_all() -> None:
    found = calibration("judge", np.full(50, 0.9), np.arange(50) < 40, np.arange(50), QUICK)
    assert [(bin_.n, bin_.accuracy) for bin_ in found.bins] == [(50, 0.8)]
    assert found.ece.value == pytest.approx(0.1)


def test_nothing_to_calibrate() -> None:
    found = calibration("judge", np.empty(0), np.empty(0, np.bool_), np.empty(0, np.int64), QUICK)
    assert (found.n, found.bins, found.ece.undefined) == (0, [], "no scores with a confidence")


def test_one_cluster_tells_no_interval() -> None:
    found = calibration("judge", np.linspace(0.5, 1, 20), np.arange(20) < 15, np.zeros(20, np.int64), QUICK)
    assert found.ece.value is not None and found.ece.low is None


@pytest.mark.parametrize("confidence", [np.nan, -0.1, 1.1])
def test_what_is_no_confidence(confidence: float) -> None:
    with pytest.raises(ValueError, match="leave out the rows that have none"):
        calibration("judge", np.array([0.5, confidence]), np.array([True, True]), np.arange(2), QUICK)


def _verdicts(rng: np.random.Generator, prompts: int, too_sure: float, size: int = 5) -> tuple[Floats, Bools, Ints]:
    """Confidences that a prompt's rows share in part, and scores right less often than they say."""
    clusters = np.repeat(np.arange(prompts), size)
    confidence = 0.6 + 0.4 * (0.7 * rng.beta(2, 1, prompts)[clusters] + 0.3 * rng.random(clusters.size))
    return confidence, rng.random(clusters.size) < confidence - too_sure, clusters


@pytest.mark.parametrize("too_sure", [0.0, 0.05, 0.2])
def test_the_interval_covers(too_sure: float) -> None:
    rng = np.random.default_rng(3)
    held = []
    for _ in range(100):
        ece = calibration("judge", *_verdicts(rng, 80, too_sure), Bootstrap(300)).ece
        assert ece.value is not None and ece.low is not None and ece.high is not None
        assert 0 <= ece.low <= ece.value <= ece.high <= 1
        held.append(ece.low <= too_sure <= ece.high)
    assert np.mean(held) > 0.92


def test_a_rater_that_is_clearly_too_sure_is_found_out() -> None:
    ece = calibration("judge", *_verdicts(np.random.default_rng(4), 300, 0.2), QUICK).ece
    assert ece.low is not None and ece.low > 0.1


def test_order_of_rows_and_names_of_clusters_change_nothing() -> None:
    rng = np.random.default_rng(5)
    confidence, correct, clusters = _verdicts(rng, 40, 0.1)
    confidence = confidence.round(2)
    shuffled, renamed = rng.permutation(clusters.size), rng.permutation(40)
    again = calibration("judge", confidence[shuffled], correct[shuffled], renamed[clusters[shuffled]], QUICK)
    found = calibration("judge", confidence, correct, clusters, QUICK)
    assert [bin_.n for bin_ in again.bins] == [bin_.n for bin_ in found.bins]
    # sums of fractions may differ in the last bit, other resamples would in the third digit
    assert astuple(again.ece)[:4] == pytest.approx(astuple(found.ece)[:4], abs=1e-12)
