"""Quadratic weighted kappa for ordinal scores, against labels that may be intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guardrank.metrics.estimate import Estimate


def quadratic_weighted_kappa(labels: ArrayLike, scores: ArrayLike, classes: int) -> Estimate:
    """Agreement of ``scores`` with ``labels`` beyond chance, 1 at best, 0 for chance, below it when worse.

    Cohen (1968, *Psychol. Bull.* 70, 213-220) with squared distances as weights:
    ``1 - mean (label - score)^2 / expected (label - score)^2``, the expectation being over all pairs of a
    label and a score, which is ``var(labels) + var(scores) + (difference of the means)^2``.

    An interval such as ``(1, 3)``, "unsafe, degree unknown", agrees with every score inside it: it stands
    for the score of its own that lies nearest to the judge's.

    Args:
        labels: shape (n,), or (n, 2) for intervals ``low <= high``; integers in 0 to ``classes - 1``.
        scores: shape (n,), integers in 0 to ``classes - 1``.
        classes: how many scores the scale has.

    Returns:
        The kappa without an interval; undefined without labels, or when both sides only ever say the same
        one score, so that no disagreement could be expected.

    Raises:
        ValueError: shapes that do not match, a value off the scale, or an interval that runs backwards.
    """
    given = _on_scale(scores, classes)
    low, high = _interval_ends(labels, classes)
    if given.ndim != 1 or low.shape != given.shape:
        raise ValueError(f"{low.shape} labels for {given.shape} scores")
    if not given.size:
        return Estimate.nothing("no labels")
    meant = np.clip(given, low, high)
    expected = float(meant.var() + given.var() + (meant.mean() - given.mean()) ** 2)
    if expected == 0:
        return Estimate.nothing("labels and scores are all the same", given.size)
    return Estimate(1 - float(((meant - given) ** 2).mean()) / expected, given.size)


def _interval_ends(labels: ArrayLike, classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ends = _on_scale(labels, classes)
    if ends.ndim == 1:
        return ends, ends
    if ends.ndim != 2 or ends.shape[1] != 2:
        raise ValueError(f"labels must have the shape (n,) or (n, 2), not {ends.shape}")
    low, high = ends.T
    if (low > high).any():
        raise ValueError("an interval runs backwards")
    return low, high


def _on_scale(values: ArrayLike, classes: int) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.size and not ((array >= 0) & (array < classes) & (array == np.round(array))).all():
        raise ValueError(f"values must be integers in 0 to {classes - 1}")
    return array.astype(np.int64)
