"""Does a rater's confidence say how often it is right? The reliability curve and its expected calibration error.

    confidences ──quantiles──> bins of about as many verdicts each ──> confidence and accuracy of each bin
    ECE = sum over the bins of n_bin / n * |accuracy - confidence|        (Naeini et al. 2015; Guo et al. 2017)

Bins hold equally many verdicts, since a judge's confidences crowd near 1, where bins of equal width leave most of
the scale empty; equal counts also bias the ECE less (Nixon et al. 2019, arXiv 1904.01685; Roelofs et al. 2022,
AISTATS). Equal confidences share a bin, so there may be fewer bins, and they may differ in size.
"""

from __future__ import annotations

import numpy as np

from guardrank.agreement.percentiles import check_same, percentiles
from guardrank.agreement.results import Bin, Calibration
from guardrank.agreement.sample import Bools, Bootstrap, Floats, Ints
from guardrank.errors import MissingExtraError
from guardrank.metrics import Estimate

NO_CONFIDENCES = "no scores with a confidence"


def calibration(
    rater: str, confidence: Floats, correct: Bools, clusters: Ints, bootstrap: Bootstrap, bins: int = 10
) -> Calibration:
    """Reliability of ``rater``'s confidences, with the ECE and its interval.

    Args:
        rater: whose confidences they are.
        confidence: shape (n,), the probability that it gave its own score, each in [0, 1].
        correct: shape (n,), whether that score was the label.
        clusters: shape (n,); rows that share a code are dependent.
        bootstrap: how clusters are resampled.
        bins: how many bins at most.

    Raises:
        ValueError: a confidence outside [0, 1].
        MissingExtraError: the [agree] extra is not installed.
    """
    check_confidences(confidence)
    if not confidence.size:
        return Calibration(rater=rater, n=0, ece=Estimate.nothing(NO_CONFIDENCES), bins=[])
    order = np.lexsort((correct, confidence))  # sums of fractions must not depend on the order of the rows
    confidence, right, clusters = confidence[order], correct[order].astype(np.float64), clusters[order]
    # scikit-learn's own arithmetic: at 15 bins, 100 * (k / 15) and 100 k / 15 part rows at an edge differently
    edges = np.percentile(confidence, np.linspace(0, 1, bins + 1) * 100)[1:-1]
    of_bin = np.searchsorted(edges, confidence)
    shown = _bins(confidence, right, of_bin, bins)
    columns = _gaps(right - confidence, of_bin, np.unique(clusters, return_inverse=True)[1], bins)
    return Calibration(rater=rater, n=confidence.size, ece=_ece(columns, bootstrap), bins=shown)


def check_confidences(confidence: Floats) -> None:
    """Raise ValueError for one outside [0, 1]."""
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError("confidences must lie in [0, 1]: leave out the rows that have none")


def _bins(confidence: Floats, right: Floats, of_bin: Ints, bins: int) -> list[Bin]:
    """The bins that hold something, as scikit-learn's reliability curve has them."""
    try:
        from sklearn.calibration import calibration_curve
    except ImportError as error:
        raise MissingExtraError(f"an agreement study (it lacks {error.name})", "agree") from None
    accuracies, confidences = calibration_curve(right, confidence, pos_label=1, n_bins=bins, strategy="quantile")
    held, sizes = np.unique(of_bin, return_counts=True)
    check_same(np.bincount(of_bin, right)[held] / sizes, accuracies)
    rows = zip(sizes.tolist(), confidences.tolist(), accuracies.tolist(), strict=True)
    return [Bin(n=n, confidence=sure, accuracy=accuracy) for n, sure, accuracy in rows]


def _gaps(gaps: Floats, of_bin: Ints, clusters: Ints, bins: int) -> Floats:
    """Of each cluster its gaps (right or not, minus confidence) by bin, then its rows: (clusters, bins + 1)."""
    m = int(clusters.max()) + 1
    sums = np.bincount(clusters * bins + of_bin, gaps, minlength=m * bins).reshape(m, bins)
    return np.column_stack([sums, np.bincount(clusters)])


def _ece(columns: Floats, bootstrap: Bootstrap) -> Estimate:
    """The ECE with an interval that allows for its bias.

    Chance alone puts accuracies off their confidences, so an ECE is never 0 and its resamples are larger still:
    their 2.5 % percentile lies above the truth of any well-calibrated rater. The lower end is therefore the ECE
    minus how far resampled gaps stray from the observed ones in all, ``sum |gap* - gap|``, which by the triangle
    inequality bounds what chance added; the upper end is the percentile. In simulations it covers 96 % and more,
    where plain percentiles cover from 0 (calibrated) to 96 %.
    """
    observed, n = _shares(columns.sum(axis=0)), int(columns[:, -1].sum())
    value = float(np.abs(observed).sum())
    if len(columns) == 1:
        return Estimate(value, n)
    resampled = _shares(bootstrap.sums(columns))
    upper = percentiles(np.abs(resampled).sum(axis=-1))
    stray = percentiles(np.abs(resampled - observed).sum(axis=-1))
    if upper is None or stray is None:
        return Estimate(value, n)
    return Estimate(value, n, max(0.0, value - stray[1]), min(1.0, max(value, upper[1])))


def _shares(sums: Floats) -> Floats:
    """Gaps by bin as shares of all rows."""
    shares: Floats = sums[..., :-1] / sums[..., -1:]
    return shares
