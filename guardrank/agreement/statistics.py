"""The statistics of agreement, each as a function of stacked confusion matrices, and their intervals.

    the sample              n rows         ──library──> value ┐
    its confusion matrix    (k, k)         ──formula──> value ┘ must be the same
    its resampled matrices  (2000, k, k)   ──formula──> 2,000 values ──> low, high

The values come from scikit-learn, scipy and krippendorff. The formulas run over all resamples at once; each is
checked against its library on the sample itself, every time. What is undefined (a kappa where every label is the
same) is nan in a formula and an ``Estimate.nothing`` with the reason outside of it, never a number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from guardrank.agreement.percentiles import check_same, percentile_estimate, ratio
from guardrank.agreement.sample import Bools, Floats, Ints, Sample
from guardrank.errors import MissingExtraError
from guardrank.metrics import Estimate

NO_ROWS = "no rows with a label and a score"
ONE_LABEL = "every label is the same"


@dataclass(frozen=True)
class Statistic:
    """One statistic.

    Attributes:
        formula: confusion matrices [..., label, score] -> values of shape (...), nan where undefined.
        library: the same of a sample, as the library computes it.
        undefined: why it is undefined where ``formula`` is nan.
    """

    formula: Callable[[Floats], Floats]
    library: Callable[[Sample], float]
    undefined: str


def accuracy(counts: Floats) -> Floats:
    """Share of rows on the diagonal of (..., k, k)."""
    return ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def macro_f1(counts: Floats) -> Floats:
    """Unweighted mean of the F1 of the classes that occur in labels or scores; nan if there is but one label.

    F1 = 2 TP / (2 TP + FP + FN) (van Rijsbergen 1979); a class that occurs nowhere has none and is left out, as
    in scikit-learn.
    """
    f1 = ratio(2 * np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1) + counts.sum(axis=-2))
    occurs = ~np.isnan(f1)
    mean = ratio(np.where(occurs, f1, 0).sum(axis=-1), occurs.sum(axis=-1))
    return np.where(_labels_differ(counts), mean, np.nan)


def kappa(counts: Floats, *, quadratic: bool = False) -> Floats:
    """Cohen's kappa (1960), or with squared distances as weights (1968); nan if there is but one label.

    ``1 - sum(w observed) / sum(w expected)``, ``expected`` being the product of the margins. Where every label is
    the same, nothing can be told from chance: scikit-learn's 0 (or nan) would only say so in other words.
    """
    k = counts.shape[-1]
    distance = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)
    weights = distance**2 if quadratic else (distance > 0).astype(np.float64)
    labels, scores = counts.sum(axis=-1), counts.sum(axis=-2)
    expected = (labels[..., :, None] * scores[..., None, :] * weights).sum(axis=(-2, -1))
    observed = (counts * weights).sum(axis=(-2, -1)) * counts.sum(axis=(-2, -1))
    return np.where(_labels_differ(counts), 1 - ratio(observed, expected), np.nan)


def weighted_kappa(counts: Floats) -> Floats:
    """Quadratic-weighted kappa of (..., k, k)."""
    return kappa(counts, quadratic=True)


def ordinal_alpha(counts: Floats) -> Floats:
    """Krippendorff's alpha (2004) for ordinal data between label and score; nan if only one value occurs."""
    return alpha_of_coincidences(counts + np.swapaxes(counts, -2, -1))


def alpha_of_coincidences(coincidences: Floats) -> Floats:
    """Krippendorff's alpha for ordinal data of symmetric coincidence matrices (..., k, k).

    A row that m people labelled adds each ordered pair of labels with 1 / (m - 1). The distance of two classes is
    the square of the values between their mid-ranks: ``(sum n_g from c to k - (n_c + n_k) / 2) ** 2``.
    """
    of_class = coincidences.sum(axis=-1)
    n = of_class.sum(axis=-1)
    middle = of_class.cumsum(axis=-1) - of_class / 2
    distance = (middle[..., :, None] - middle[..., None, :]) ** 2
    observed = (coincidences * distance).sum(axis=(-2, -1)) * (n - 1)
    expected = (of_class[..., :, None] * of_class[..., None, :] * distance).sum(axis=(-2, -1))
    return 1 - ratio(observed, np.where((of_class > 0).sum(axis=-1) > 1, expected, 0))


def spearman(counts: Floats) -> Floats:
    """Spearman's rank correlation (1904): Pearson's of mid-ranks; nan if labels or scores never differ."""
    ranks = [margin.cumsum(axis=-1) - margin / 2 for margin in (counts.sum(axis=-1), counts.sum(axis=-2))]
    margins = (counts.sum(axis=-1), counts.sum(axis=-2))
    n = counts.sum(axis=(-2, -1))
    x, y = (rank - (n / 2)[..., None] for rank in ranks)  # a margin's mean mid-rank is half of all rows
    covariance = (counts * x[..., :, None] * y[..., None, :]).sum(axis=(-2, -1))
    spread = [(margin * rank**2).sum(axis=-1) for margin, rank in zip(margins, (x, y), strict=True)]
    differ = np.logical_and(*((margin > 0).sum(axis=-1) > 1 for margin in margins))
    return ratio(covariance, np.where(differ, np.sqrt(spread[0] * spread[1]), 0))


def mean_absolute_error(counts: Floats) -> Floats:
    """Mean distance of label and score, in classes."""
    k = counts.shape[-1]
    distance = np.abs(np.subtract.outer(np.arange(k), np.arange(k)))
    return ratio((counts * distance).sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)))


def library_accuracy(sample: Sample, weights: Floats | None = None) -> float:
    """scikit-learn's accuracy, rows counting as ``weights`` says."""
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(sample.labels, sample.scores, sample_weight=weights))


def library_kappa(sample: Sample, weights: Floats | None = None, scheme: str | None = None) -> float:
    """scikit-learn's kappa; ``scheme`` is None or ``"quadratic"``."""
    from sklearn.metrics import cohen_kappa_score

    classes = range(sample.classes)
    return float(
        cohen_kappa_score(sample.labels, sample.scores, labels=classes, weights=scheme, sample_weight=weights)
    )


def library_alpha(annotations: Ints, classes: int) -> float:
    """krippendorff's ordinal alpha of ``annotations``, shape (annotators, rows), -1 for none."""
    import krippendorff

    data = np.where(annotations < 0, np.nan, annotations)
    return float(krippendorff.alpha(data, value_domain=range(classes), level_of_measurement="ordinal"))


def _library_f1(sample: Sample) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(sample.labels, sample.scores, average="macro"))


def _library_spearman(sample: Sample) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(sample.labels, sample.scores).statistic)


def _library_mae(sample: Sample) -> float:
    from sklearn.metrics import mean_absolute_error as error

    return float(error(sample.labels, sample.scores))


ACCURACY = Statistic(accuracy, library_accuracy, NO_ROWS)
KAPPA = Statistic(kappa, library_kappa, ONE_LABEL)
WEIGHTED_KAPPA = Statistic(weighted_kappa, lambda sample: library_kappa(sample, scheme="quadratic"), ONE_LABEL)
ALPHA_ORDINAL = Statistic(
    ordinal_alpha,
    lambda sample: library_alpha(np.stack([sample.labels, sample.scores]), sample.classes),
    "labels and scores are all the same",
)
STATISTICS = {
    "accuracy": ACCURACY,
    "macro_f1": Statistic(macro_f1, _library_f1, ONE_LABEL),
    "kappa": KAPPA,
    "weighted_kappa": WEIGHTED_KAPPA,
    "alpha": ALPHA_ORDINAL,
    "spearman": Statistic(spearman, _library_spearman, "labels or scores are all the same"),
    "mae": Statistic(mean_absolute_error, _library_mae, NO_ROWS),
}
"""By their names in ``Agreement``."""


def majority(label: int) -> Statistic:
    """Accuracy of always giving ``label``, the sample's commonest."""

    def formula(counts: Floats) -> Floats:
        return ratio(counts[..., label, :].sum(axis=-1), counts.sum(axis=(-2, -1)))

    def library(sample: Sample) -> float:
        always = np.full(sample.n, label)
        return library_accuracy(Sample(sample.labels, always, sample.clusters, sample.classes))

    return Statistic(formula, library, NO_ROWS)


def estimate(statistic: Statistic, sample: Sample, resampled: Floats) -> Estimate:
    """A statistic of ``sample`` with its interval.

    Args:
        statistic: one of ``STATISTICS``.
        sample: at least one row.
        resampled: its resampled confusion matrices, shape (resamples, k, k).
    """
    value = checked_value(statistic.formula, sample.counts, lambda: statistic.library(sample))
    return percentile_estimate(value, statistic.formula(resampled), sample.n, statistic.undefined)


def checked_value(formula: Callable[[Floats], Floats], counts: Floats, library: Callable[[], float]) -> float:
    """The library's value for the matrix ``counts``, or nan where the formula has none.

    Raises:
        GuardRankError: the formula says something else.
        MissingExtraError: the library is not installed.
    """
    ours = float(formula(counts))
    if np.isnan(ours):
        return ours
    try:
        value = library()
    except ImportError as error:
        raise MissingExtraError(f"an agreement study (it lacks {error.name})", "agree") from None
    check_same(ours, value)
    return value


def _labels_differ(counts: Floats) -> Bools:
    return np.asarray((counts.sum(axis=-1) > 0).sum(axis=-1) > 1)
