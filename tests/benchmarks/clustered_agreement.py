"""Agreement of a rater with labels, with 95 % percentile intervals by bootstrap over clusters.

    rows -> one confusion matrix a cluster -> resampled clusters = weighted sums of those matrices

Every statistic is a function of a confusion matrix, so 2,000 resamples are one matrix product. The values
come from scikit-learn; the resamples from the formulas below, which must give scikit-learn's value on the
sample itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
MIN_CLUSTERS = 30
MIN_POSITIVES = 20
_BLOCK = 250
"""Resamples drawn at once: their weights are a matrix of this height and as wide as there are clusters."""


@dataclass(frozen=True)
class Bootstrap:
    """How often and from which seed clusters are resampled."""

    resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class Sample:
    """Labels and scores in 0 to ``classes - 1``, and the clusters, of the same rows: each of shape (n,)."""

    labels: Ints
    scores: Ints
    clusters: Ints
    classes: int = 2

    @property
    def matrices(self) -> Floats:
        """Confusion matrices [cluster, label, score]."""
        counts = np.zeros((int(self.clusters.max()) + 1, self.classes, self.classes))
        np.add.at(counts, (self.clusters, self.labels, self.scores), 1)
        return counts

    def resampled(self, bootstrap: Bootstrap) -> Floats:
        """Confusion matrices of the resamples, shape (resamples, classes, classes).

        Two samples with the same clusters are resampled alike: their difference is a paired one.
        """
        matrices = self.matrices
        m = len(matrices)
        rng = np.random.default_rng(bootstrap.seed)
        flat = matrices.reshape(m, -1)
        sizes = [min(_BLOCK, bootstrap.resamples - start) for start in range(0, bootstrap.resamples, _BLOCK)]
        sums = [rng.multinomial(m, np.full(m, 1 / m), size=size) @ flat for size in sizes]
        return np.concatenate(sums).reshape(-1, self.classes, self.classes)


def cluster_codes(names: Sequence[str]) -> Ints:
    """Cluster names as 0..m-1."""
    return np.unique(np.asarray(names, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)


def accuracy(counts: Floats) -> Floats:
    """Share on the diagonal of (..., k, k)."""
    return np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1))


def kappa(counts: Floats, *, quadratic: bool = False) -> Floats:
    """Cohen's kappa of (..., k, k) (1960), or with squared distances as weights (1968); nan if undefined."""
    k = counts.shape[-1]
    distance = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)
    weights = distance**2 if quadratic else (distance > 0).astype(np.float64)
    rows, columns = counts.sum(axis=-1), counts.sum(axis=-2)
    expected = (rows[..., :, None] * columns[..., None, :] * weights).sum(axis=(-2, -1))
    observed = (counts * weights).sum(axis=(-2, -1)) * counts.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - observed / expected, np.nan)


def macro_f1(counts: Floats) -> Floats:
    """Unweighted mean of the classes' F1 over (..., k, k); a class that never occurs counts 0."""
    twice = 2 * np.diagonal(counts, axis1=-2, axis2=-1)
    of = counts.sum(axis=-1) + counts.sum(axis=-2)
    return np.divide(twice, of, out=np.zeros_like(twice), where=of > 0).mean(axis=-1)


def interval(value: float, resampled: Floats) -> dict[str, float | None]:
    """``value`` with the 2.5 % and 97.5 % percentiles of the defined resamples; None where undefined."""
    defined = resampled[~np.isnan(resampled)]
    if np.isnan(value) or not defined.size:
        return {"value": None, "low": None, "high": None}
    low, high = np.percentile(defined, [2.5, 97.5])
    return {"value": float(value), "low": float(low), "high": float(high)}


def binary_figures(sample: Sample, bootstrap: Bootstrap) -> dict[str, Any]:
    """All figures of a yes-or-no question."""
    labels, scores = sample.labels, sample.scores
    counts = sample.resampled(bootstrap)
    usual = int(labels.mean() > 0.5)
    values = {
        "accuracy": (accuracy_score(labels, scores), accuracy),
        "majority": (float((labels == usual).mean()), lambda c: c[..., usual, :].sum(-1) / c.sum((-2, -1))),
        "kappa": (_sklearn_kappa(sample), kappa),
        "macro_f1": (f1_score(labels, scores, average="macro", labels=[0, 1], zero_division=0), macro_f1),
    }
    clusters, positives = int(sample.clusters.max()) + 1, int(labels.sum())
    return {
        "n": len(labels),
        "clusters": clusters,
        "positives": positives,
        "undecided": clusters < MIN_CLUSTERS or positives < MIN_POSITIVES,
        **{name: _checked(sample, counts, *pair) for name, pair in values.items()},
    }


def weighted_kappa(sample: Sample, bootstrap: Bootstrap) -> dict[str, float | None]:
    """Quadratic-weighted kappa with its interval."""

    def formula(counts: Floats) -> Floats:
        return kappa(counts, quadratic=True)

    return _checked(sample, sample.resampled(bootstrap), _sklearn_kappa(sample, "quadratic"), formula)


def kappa_difference(sample: Sample, other: Sample, bootstrap: Bootstrap) -> dict[str, float | None]:
    """Kappa of ``sample`` minus that of ``other``, whose rows are the same, paired."""
    resampled = kappa(sample.resampled(bootstrap)) - kappa(other.resampled(bootstrap))
    return interval(_sklearn_kappa(sample) - _sklearn_kappa(other), resampled)


def _sklearn_kappa(sample: Sample, weights: str | None = None) -> float:
    with warnings.catch_warnings(action="ignore"):  # it warns where kappa is undefined, and returns nan
        return float(cohen_kappa_score(sample.labels, sample.scores, labels=range(sample.classes), weights=weights))


def _checked(
    sample: Sample, resampled: Floats, value: float, formula: Callable[[Floats], Floats]
) -> dict[str, float | None]:
    """The interval of ``value``, once ``formula`` is known to agree with it on the sample itself."""
    ours = float(formula(sample.matrices.sum(axis=0)))
    if not np.isclose(ours, value, atol=1e-9, equal_nan=True):
        raise AssertionError(f"the formula says {ours}, scikit-learn {value}")
    return interval(value, formula(resampled))
