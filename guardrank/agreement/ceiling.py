"""People against people: how far annotators agree is as much as a judge can be asked for.

    annotations (rows, annotators) ──> each pair that shares rows ──> Agreement("ann / ben")
                                   └─> more than two: all of them ──> Agreement("all 3 annotators")

Annotators are resampled with the prompts that they labelled, as judges are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from guardrank.agreement.agreement_figures import FIGURES, agreement, figure
from guardrank.agreement.percentiles import percentile_estimate
from guardrank.agreement.results import Agreement
from guardrank.agreement.sample import Bootstrap, Floats, Ints, Sample, too_few
from guardrank.agreement.statistics import STATISTICS, alpha_of_coincidences, checked_value, library_alpha
from guardrank.metrics import Estimate


def human_ceiling(
    names: Sequence[str], annotations: Ints, clusters: Ints, classes: int, bootstrap: Bootstrap
) -> list[Agreement]:
    """Agreement of every pair of annotators that labelled the same rows, and of all of them together.

    In a pair the first annotator's labels stand for the labels, the second's for the scores, and ``missing`` are
    the rows that only one of them labelled. The last line, where more than two annotated, holds the mean of the
    pairs' figures (undefined where a pair's is), but Krippendorff's alpha over all annotators at once; its ``n``
    are the rows with two labels or more, its ``missing`` those with one, its ``positives`` those of the pair with
    the fewest, its confusion matrix the pairs' sum.

    Args:
        names: the annotators' names.
        annotations: shape (n, annotators), in 0 to ``classes - 1``, -1 where one gave no label.
        clusters: shape (n,).
        classes: how many labels the scale has.
        bootstrap: how clusters are resampled.
    """
    shared = (annotations >= 0).sum(axis=1) > 1
    pairs = _pairs(names, annotations, clusters, classes)
    lines = [agreement(pair.name, pair.sample, bootstrap, missing=pair.missing) for pair in pairs]
    if len(names) < 3 or not pairs:
        return lines
    everyone = _Everyone(annotations[shared].T, clusters[shared], classes, pairs)
    missing = int(((annotations >= 0).sum(axis=1) == 1).sum())
    return [*lines, everyone.agreement(f"all {len(names)} annotators", lines, bootstrap, missing)]


@dataclass(frozen=True)
class _Pair:
    """Two annotators, by their columns, and the rows that both labelled."""

    name: str
    columns: tuple[int, int]
    sample: Sample
    missing: int


def _pairs(names: Sequence[str], annotations: Ints, clusters: Ints, classes: int) -> list[_Pair]:
    pairs = []
    for i, j in combinations(range(len(names)), 2):
        labelled = annotations[:, [i, j]] >= 0
        rows = labelled.all(axis=1)
        sample = Sample(annotations[rows, i], annotations[rows, j], clusters[rows], classes)
        if sample.n:
            missing = int(labelled.any(axis=1).sum()) - sample.n
            pairs.append(_Pair(f"{names[i]} / {names[j]}", (i, j), sample, missing))
    return pairs


@dataclass(frozen=True)
class _Everyone:
    """Rows that at least two labelled: ``annotations`` of shape (annotators, n), ``clusters`` of shape (n,)."""

    annotations: Ints
    clusters: Ints
    classes: int
    pairs: Sequence[_Pair]

    def agreement(self, name: str, lines: Sequence[Agreement], bootstrap: Bootstrap, missing: int) -> Agreement:
        """The line of all annotators, ``lines`` being those of the pairs."""
        matrices, coincidences = self._matrices()
        everything = np.concatenate([matrices, coincidences[:, None]], axis=1)
        resampled = bootstrap.sums(everything.reshape(len(everything), -1)).reshape(-1, *everything.shape[1:])
        clusters, positives = len(everything), min(line.positives for line in lines)
        return Agreement(
            rater=name,
            n=self.clusters.size,
            missing=missing,
            clusters=clusters,
            positives=positives,
            undecided=too_few(clusters, positives),
            confusion=matrices.sum(axis=(0, 1)).astype(int).tolist(),
            alpha=self._alpha(coincidences.sum(axis=0), resampled[:, -1]),
            **{name: self._mean(name, lines, resampled[:, :-1]) for name in FIGURES if name != "alpha"},
        )

    def _matrices(self) -> tuple[Floats, Floats]:
        """Confusion matrices [cluster, pair, label, score], and the clusters' coincidence matrices."""
        labelled = self.annotations >= 0
        share = 1 / (labelled.sum(axis=0) - 1)
        of_pairs, halves = [], []
        for first, second in (pair.columns for pair in self.pairs):
            both = (labelled[first] & labelled[second]).astype(np.float64)
            labels, scores = np.maximum(self.annotations[[first, second]], 0)
            rows = Sample(labels, scores, self.clusters, self.classes)
            of_pairs.append(rows.weighted_matrices(both))
            halves.append(rows.weighted_matrices(both * share))
        half = np.sum(halves, axis=0).round(9)  # thirds must not depend on the order of the rows
        return np.stack(of_pairs, axis=1), half + np.swapaxes(half, -2, -1)

    def _alpha(self, coincidences: Floats, resampled: Floats) -> Estimate:
        value = checked_value(
            alpha_of_coincidences, coincidences, lambda: library_alpha(self.annotations, self.classes)
        )
        return percentile_estimate(
            value, alpha_of_coincidences(resampled), self.clusters.size, STATISTICS["alpha"].undefined
        )

    def _mean(self, name: str, lines: Sequence[Agreement], resampled: Floats) -> Estimate:
        """The mean of the pairs' figures, each pair's formula over ``resampled`` [resample, pair, label, score]."""
        estimates: list[Estimate] = [getattr(line, name) for line in lines]
        n = self.clusters.size
        for line, estimate in zip(lines, estimates, strict=True):
            if estimate.undefined is not None:
                return Estimate.nothing(f"{line.rater}: {estimate.undefined}", n)
        value = float(np.mean([estimate.value for estimate in estimates]))
        formulas = [figure(name, pair.sample).formula for pair in self.pairs]
        means = np.mean([formula(resampled[:, i]) for i, formula in enumerate(formulas)], axis=0)
        return percentile_estimate(value, means, n)
