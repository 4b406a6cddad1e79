"""What one rater reaches against labels: every statistic of ``Agreement``, from one set of resamples."""

from __future__ import annotations

import numpy as np

from guardrank.agreement.percentiles import with_wilson
from guardrank.agreement.results import Agreement
from guardrank.agreement.sample import Bootstrap, Sample, why_undecided
from guardrank.agreement.statistics import NO_ROWS, STATISTICS, Statistic, estimate, majority
from guardrank.metrics import Estimate

FIGURES = (*STATISTICS, "majority")
"""The statistics of an ``Agreement``."""


def agreement(rater: str, sample: Sample, bootstrap: Bootstrap, *, missing: int = 0) -> Agreement:
    """All figures of ``rater`` on ``sample``, with 95 % percentile intervals by bootstrap over clusters.

    Where no resample of the accuracy differs from another (a perfect rater), its interval is Wilson's.

    Args:
        rater: whose scores they are.
        sample: the rows with a label and a score; may be empty.
        bootstrap: how clusters are resampled.
        missing: rows with a label but no score, only to be reported.

    Raises:
        MissingExtraError: the [agree] extra is not installed.
    """
    return Agreement(
        rater=rater,
        n=sample.n,
        missing=missing,
        clusters=sample.cluster_count,
        positives=sample.positives,
        undecided=why_undecided(sample),
        confusion=sample.counts.astype(int).tolist(),
        **(_figures(sample, bootstrap) if sample.n else dict.fromkeys(FIGURES, Estimate.nothing(NO_ROWS))),
    )


def figure(name: str, sample: Sample) -> Statistic:
    """The statistic of a name in ``FIGURES``."""
    return majority(_commonest(sample)) if name == "majority" else STATISTICS[name]


def _commonest(sample: Sample) -> int:
    return int(np.bincount(sample.labels).argmax())


def _figures(sample: Sample, bootstrap: Bootstrap) -> dict[str, Estimate]:
    resampled = sample.resampled(bootstrap)
    figures = {name: estimate(figure(name, sample), sample, resampled) for name in FIGURES}
    for name, given in (("accuracy", sample.scores), ("majority", _commonest(sample))):
        figures[name] = with_wilson(figures[name], sample.labels == given, sample.ranked_clusters)
    return figures
