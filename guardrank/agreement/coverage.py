"""How good is a rater on the rows it is surest of? The accuracy-coverage curve, and where its abstention puts it.

    rows by confidence, surest first:   1 1 1 1 1 1 ½ ½ 0 0     what each counts at a coverage of 0.7
                                                    └─┴─ equally sure: they share the one place that is left

Rows of equal confidence count by equal fractions: any other choice among them would be the order of the file. That
is the mean over all ways of breaking the tie (El-Yaniv and Wiener 2010, *JMLR* 11, 1605-1641, for the curve).
"""

from __future__ import annotations

import numpy as np

from guardrank.agreement.calibration import check_confidences
from guardrank.agreement.percentiles import percentile_estimate, with_wilson
from guardrank.agreement.results import Coverage, CoveragePoint
from guardrank.agreement.sample import Bools, Bootstrap, Floats, Sample
from guardrank.agreement.statistics import (
    ACCURACY,
    KAPPA,
    NO_ROWS,
    checked_value,
    estimate,
    library_accuracy,
    library_kappa,
)
from guardrank.metrics import Estimate

STEPS = 10
"""Points of the curve: coverage 1/10, 2/10, ..., 1."""


def coverage(rater: str, confidence: Floats, sample: Sample, abstained: Bools, bootstrap: Bootstrap) -> Coverage:
    """Accuracy and kappa on the surest 10 %, 20 %, ... of the rows; a rounded number of rows, up.

    Which rows count is decided once, on the sample: the intervals are those of a rater with that threshold.

    Args:
        rater: whose confidences they are.
        confidence: shape (n,), each in [0, 1].
        sample: the same n rows.
        abstained: shape (n,): from which rows the rater abstained by its own threshold.
        bootstrap: how clusters are resampled.

    Raises:
        ValueError: a confidence outside [0, 1].
        MissingExtraError: the [agree] extra is not installed.
    """
    check_confidences(confidence)
    if not sample.n:
        return Coverage(rater=rater, points=[], own=None)
    order = np.lexsort((sample.scores, sample.labels, -confidence))  # fractions add up in one order
    confidence, ordered = confidence[order], sample.only(order)
    targets = [-(-step * sample.n // STEPS) for step in range(1, STEPS + 1)]
    weights = [_weights(confidence, target) for target in targets]
    matrices = np.stack([ordered.weighted_matrices(weight) for weight in weights], axis=1)
    resampled = bootstrap.sums(matrices.reshape(len(matrices), -1)).reshape(-1, *matrices.shape[1:])
    points = [
        _point((step + 1) / STEPS, ordered, weight, resampled[:, step]) for step, weight in enumerate(weights)
    ]
    return Coverage(rater=rater, points=points, own=_own(sample, abstained, bootstrap))


def _weights(confidence: Floats, target: int) -> Floats:
    """What each row counts so that the surest come to ``target`` rows in all, ``confidence`` falling."""
    threshold = confidence[target - 1]
    surer, level = confidence > threshold, confidence == threshold
    share = (target - int(surer.sum())) / int(level.sum())
    weights: Floats = surer.astype(np.float64) + level * share
    return weights


def _point(share: float, sample: Sample, weights: Floats, resampled: Floats) -> CoveragePoint:
    counts, n = sample.weighted_matrices(weights).sum(axis=0), round(weights.sum())
    right = checked_value(ACCURACY.formula, counts, lambda: library_accuracy(sample, weights))
    beyond_chance = checked_value(KAPPA.formula, counts, lambda: library_kappa(sample, weights))
    accuracy = percentile_estimate(right, ACCURACY.formula(resampled), n, ACCURACY.undefined)
    kappa = percentile_estimate(beyond_chance, KAPPA.formula(resampled), n, KAPPA.undefined)
    return CoveragePoint(coverage=share, accuracy=_with_wilson(accuracy, sample, weights == 1), kappa=kappa)


def _own(sample: Sample, abstained: Bools, bootstrap: Bootstrap) -> CoveragePoint | None:
    """Where the rater's own abstention puts it; None if it never abstained."""
    if not abstained.any():
        return None
    kept = sample.only(~abstained)
    if not kept.n:
        nothing = Estimate.nothing(NO_ROWS)
        return CoveragePoint(coverage=0.0, accuracy=nothing, kappa=nothing)
    resampled = kept.resampled(bootstrap)
    accuracy, kappa = (estimate(statistic, kept, resampled) for statistic in (ACCURACY, KAPPA))
    whole = np.ones(kept.n, np.bool_)
    return CoveragePoint(coverage=kept.n / sample.n, accuracy=_with_wilson(accuracy, kept, whole), kappa=kappa)


def _with_wilson(accuracy: Estimate, sample: Sample, rows: Bools) -> Estimate:
    """Wilson's interval, from the rows that count wholly, where the resamples give none."""
    return with_wilson(accuracy, (sample.labels == sample.scores)[rows], sample.ranked_clusters[rows])
