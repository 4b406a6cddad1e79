"""What a study resamples: one rater's rows of a slice, and clusters of rows drawn anew.

    rows (label, score, cluster) ──> one confusion matrix a cluster ──> sums over the clusters of each resample

Rows of one prompt (or image) are dependent, so whole clusters are drawn, as many as there are, with replacement
(Davison and Hinkley 1997, *Bootstrap Methods*, section 3.8). Clusters with the same matrix are of one kind, and a
resample is how many it drew of each kind: one multinomial draw over a few hundred kinds instead of thousands of
clusters, with the same distribution. Nothing depends on the order of the rows or the names of the clusters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

MIN_CLUSTERS = 30
MIN_POSITIVES = 20

_DRAWS_AT_ONCE = 2_000_000
"""Clusters drawn in one block of resamples: bounds the memory, whatever the number of clusters."""
_MULTINOMIAL_PAYS = 8
"""Drawing the number of one kind takes about as long as drawing this many clusters one by one (measured)."""


@dataclass(frozen=True)
class Bootstrap:
    """How often, and from which seed, clusters are resampled."""

    resamples: int = 2000
    seed: int = 0

    def sums(self, columns: Floats) -> Floats:
        """Sums over the clusters of each resample.

        Args:
            columns: what each cluster adds, shape (clusters, c), at least one cluster. Figures that stand
                side by side in it are resampled together: their difference is a paired one.

        Returns:
            Shape (resamples, c).
        """
        kinds, counts = _kinds(columns)
        return np.concatenate([weights @ kinds for weights in self._weights(counts)])

    def _weights(self, counts: Ints) -> Iterator[Floats]:
        """How often each kind of cluster was drawn, in blocks of shape (resamples, kinds)."""
        rng, m = np.random.default_rng(self.seed), int(counts.sum())
        block = max(1, _DRAWS_AT_ONCE // m)
        for start in range(0, self.resamples, block):
            size = min(block, self.resamples - start)
            if counts.size * _MULTINOMIAL_PAYS < m:
                yield rng.multinomial(m, counts / m, size).astype(np.float64)
            else:
                yield _drawn_one_by_one(rng, counts, size)


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows of one rater that people labelled and it scored; there may be none.

    Args:
        labels: shape (n,), in 0 to ``classes - 1``.
        scores: shape (n,), on the same scale.
        clusters: shape (n,), any codes from 0 up; rows that share one are dependent.
        classes: how many labels the scale has.

    Raises:
        ValueError: shapes that differ, or a value off the scale.
    """

    labels: Ints
    scores: Ints
    clusters: Ints
    classes: int

    def __post_init__(self) -> None:
        if self.labels.ndim != 1 or not self.labels.shape == self.scores.shape == self.clusters.shape:
            raise ValueError(
                f"{self.labels.shape} labels, {self.scores.shape} scores, {self.clusters.shape} clusters"
            )
        for values in (self.labels, self.scores):
            if values.size and not 0 <= values.min() <= values.max() < self.classes:
                raise ValueError(f"labels and scores must lie in 0 to {self.classes - 1}")

    @property
    def n(self) -> int:
        """How many rows there are."""
        return self.labels.size

    @property
    def positives(self) -> int:
        """How many labels lie above 0."""
        return int((self.labels > 0).sum())

    @cached_property
    def ranked_clusters(self) -> Ints:
        """The clusters as 0 to m-1, shape (n,)."""
        return np.unique(self.clusters, return_inverse=True)[1].astype(np.int64)

    @property
    def cluster_count(self) -> int:
        """How many clusters the rows come from."""
        return int(self.ranked_clusters.max()) + 1 if self.n else 0

    @cached_property
    def counts(self) -> Floats:
        """The confusion matrix [label, score], shape (classes, classes)."""
        total: Floats = self.matrices.sum(axis=0)
        return total

    @property
    def matrices(self) -> Floats:
        """One confusion matrix a cluster: [cluster, label, score]."""
        return self.weighted_matrices(None)

    def weighted_matrices(self, weights: Floats | None) -> Floats:
        """As ``matrices``, each row counting as much as ``weights`` (shape (n,)) says."""
        k = self.classes
        cells = (self.ranked_clusters * k + self.labels) * k + self.scores
        counts = np.bincount(cells, weights, minlength=self.cluster_count * k * k)
        return counts.astype(np.float64).reshape(-1, k, k)

    def resampled(self, bootstrap: Bootstrap) -> Floats:
        """The confusion matrices of the resamples, shape (resamples, classes, classes); needs a row."""
        k = self.classes
        return bootstrap.sums(self.matrices.reshape(-1, k * k)).reshape(-1, k, k)

    def only(self, rows: Bools | Ints) -> Sample:
        """The sample of some rows: of shape (n,) which ones, or their places in order."""
        return Sample(self.labels[rows], self.scores[rows], self.clusters[rows], self.classes)


def cluster_codes(names: Sequence[str]) -> Ints:
    """Cluster names as codes 0 to m-1, in the order of the names."""
    return np.unique(np.asarray(names, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)


def why_undecided(sample: Sample) -> str | None:
    """Why nothing may be concluded from so few, such as ``17 clusters (30 are needed)``; None if something may."""
    return too_few(sample.cluster_count, sample.positives)


def too_few(clusters: int, positives: int) -> str | None:
    """As ``why_undecided``, of numbers."""
    wanted = ((clusters, "cluster", MIN_CLUSTERS), (positives, "positive", MIN_POSITIVES))
    short = [f"{n} {noun}{'s' * (n != 1)} ({least} are needed)" for n, noun, least in wanted if n < least]
    return ", ".join(short) or None


def _kinds(columns: Floats) -> tuple[Floats, Ints]:
    """The different rows of ``columns`` in order, shape (kinds, c), and how often each occurs."""
    ordered = columns[np.lexsort(columns.T)]
    starts = np.flatnonzero(np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)])
    return ordered[starts], np.diff(np.r_[starts, len(ordered)]).astype(np.int64)


def _drawn_one_by_one(rng: np.random.Generator, counts: Ints, size: int) -> Floats:
    """The same distribution as a multinomial draw, faster where nearly every cluster is a kind of its own."""
    kind = np.repeat(np.arange(counts.size), counts)
    drawn = kind[rng.integers(0, kind.size, (size, kind.size))]
    drawn += counts.size * np.arange(size)[:, None]
    tally = np.bincount(drawn.ravel(), minlength=size * counts.size)
    return tally.reshape(size, counts.size).astype(np.float64)
