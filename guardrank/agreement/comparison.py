"""Rater against rater on the same rows: a paired bootstrap over clusters.

    confusion matrices of both, side by side a cluster ──same draws──> 2,000 differences ──> interval, p, outcome

Rows of one prompt are dependent: a test that takes them one by one, such as McNemar's, counts a prompt with ten
responses as ten pieces of evidence and finds differences that are not there (``test_comparison`` shows it).
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import Literal, TypeAlias

import numpy as np

from guardrank.agreement.percentiles import percentiles
from guardrank.agreement.results import Comparison, Outcome
from guardrank.agreement.sample import MIN_CLUSTERS, MIN_POSITIVES, Bootstrap, Floats, Sample, why_undecided
from guardrank.agreement.statistics import NO_ROWS, STATISTICS, Statistic, checked_value
from guardrank.metrics import Estimate

Metric: TypeAlias = Literal["kappa", "weighted_kappa", "accuracy"]

MOST_CLUSTERS = 1_000_000
"""More than these are no advice: ``more_clusters`` is None."""


def compare(first: str, a: Sample, second: str, b: Sample, bootstrap: Bootstrap, metric: Metric) -> Comparison:
    """``metric`` of ``first`` minus that of ``second``.

    The p value inverts the percentile interval: with R resampled differences d,
    ``p = min(1, 2 (1 + min(#{d <= 0}, #{d >= 0})) / (R + 1))``, where the added ones keep it above 0 (Davison and
    Hinkley 1997, section 4.2). It is at most 0.05 exactly where the interval excludes 0.

    Args:
        first: name of one rater.
        a: its sample.
        second: name of the other.
        b: its sample: the same rows in the same order, only the scores differ.
        bootstrap: how clusters are resampled.
        metric: what is compared.

    Raises:
        ValueError: the samples are not of the same rows.
    """
    if not (
        np.array_equal(a.labels, b.labels) and np.array_equal(a.clusters, b.clusters) and a.classes == b.classes
    ):
        raise ValueError(f"{first} and {second} are compared on different rows")
    resampled = _resampled_differences(a, b, bootstrap, metric) if a.n else np.empty(0)
    difference = _difference(a, b, metric, resampled)
    outcome = _outcome(difference, a)
    return Comparison(
        first=first,
        second=second,
        metric=metric,
        n=a.n,
        difference=difference,
        outcome=outcome,
        p=None if difference.low is None else _p(resampled),
        more_clusters=_more_clusters(difference, a) if outcome == "undecided" else None,
    )


def _difference(a: Sample, b: Sample, metric: Metric, resampled: Floats) -> Estimate:
    if not a.n:
        return Estimate.nothing(NO_ROWS)
    statistic = STATISTICS[metric]
    ours, theirs = (_value(statistic, sample) for sample in (a, b))
    if np.isnan(ours - theirs):
        return Estimate.nothing(statistic.undefined, a.n)
    return Estimate(ours - theirs, a.n, *(percentiles(resampled) or (None, None)))


def _value(statistic: Statistic, sample: Sample) -> float:
    return checked_value(statistic.formula, sample.counts, lambda: statistic.library(sample))


def _resampled_differences(a: Sample, b: Sample, bootstrap: Bootstrap, metric: Metric) -> Floats:
    formula = STATISTICS[metric].formula
    ours, theirs = _resampled_alike(a, b, bootstrap)
    return (formula(ours) - formula(theirs)).round(12)  # equal figures must not differ by a rounding error


@lru_cache(maxsize=2)
def _resampled_alike(a: Sample, b: Sample, bootstrap: Bootstrap) -> tuple[Floats, Floats]:
    """Confusion matrices of both in the same resamples; kept, as the next metric asks for the same ones."""
    k = a.classes
    both = np.concatenate([a.matrices.reshape(-1, k * k), b.matrices.reshape(-1, k * k)], axis=1)
    ours, theirs = np.split(bootstrap.sums(both), 2, axis=1)
    return ours.reshape(-1, k, k), theirs.reshape(-1, k, k)


def _outcome(difference: Estimate, sample: Sample) -> Outcome:
    if difference.low is None or difference.high is None or why_undecided(sample):
        return "undecided"
    if difference.low > 0:
        return "ahead"
    return "behind" if difference.high < 0 else "undecided"


def _p(differences: Floats) -> float:
    defined = differences[~np.isnan(differences)]
    rarer = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (1 + rarer) / (defined.size + 1))


def _more_clusters(difference: Estimate, sample: Sample) -> int | None:
    """How many more clusters like these would settle a difference of this size, None where nobody can tell.

    An interval narrows with the root of the number of clusters m. Its end on the side of 0, ``reach`` away from
    the difference d, gets to 0 with ``m (reach / d) ** 2`` clusters: with so many, chances are even that the
    difference, if it is really d, is found; for four chances in five it takes twice as many. Where clusters or
    positives are too few, the larger need counts.
    """
    value, m = difference.value, sample.cluster_count
    if not value or difference.low is None or difference.high is None or not sample.positives:
        return None
    reach = value - difference.low if value > 0 else difference.high - value
    needed = max(m * (reach / value) ** 2, MIN_CLUSTERS, m * MIN_POSITIVES / sample.positives)
    more = max(1, ceil(needed - m))
    return more if more <= MOST_CLUSTERS else None
