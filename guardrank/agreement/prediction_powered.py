"""Prediction-powered inference: the mean that people would give a large run, from a judge and a few labels.

    labelled   people say y, the judge f ──┐
    run        the judge says f ───────────┴──> mean(y) + tuning * (mean(f) of the run - mean(f) of the labelled)

With ``tuning`` 0 these are the labels alone, with 1 the judge's mean less its mean error on the labelled rows.
PPI++ (Angelopoulos, Duchi and Zrnic 2023, arXiv 2311.01453) takes the value that makes the variance least, so
that a bad judge costs nothing. Whatever the judge's errors, the estimate is right on average, as long as the
labelled rows were drawn at random: the judge decides only how narrow the interval is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from guardrank.agreement.sample import Floats, Ints
from guardrank.errors import MissingExtraError
from guardrank.metrics import Estimate
from guardrank.metrics.intervals import t_quantile

NO_LABELS = "no labels"
NO_SCORES = "no scores"
DOUBT = 2.0
"""Made-up rows on which people and the judge have nothing to do with each other (see ``_tune``)."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class LabelledRows:
    """Rows that people labelled and the judge scored, each array of shape (n,).

    Args:
        labels: what people say, each in [0, 1].
        judged: what the judge says of the same rows, each in [0, 1].
        clusters: rows of one cluster (a prompt) are dependent.
        weights: inverse inclusion probabilities, up to a common factor; each above 0.
    """

    labels: Floats
    judged: Floats
    clusters: Ints
    weights: Floats

    @property
    def cluster_count(self) -> int:
        """How many clusters the rows come from."""
        return int(np.unique(self.clusters).size)

    def mean(self, values: Floats) -> float:
        """The weighted mean of ``values``."""
        return float(self.weights @ values / self.weights.sum())

    def influence(self, values: Floats) -> Floats:
        """What each row adds to the error of the weighted mean of ``values``, to first order."""
        errors: Floats = self.weights * (values - self.mean(values)) / self.weights.sum()
        return errors


@dataclass(frozen=True)
class JudgedRows:
    """The whole run: what the judge says of each row, in [0, 1], and its cluster; both of shape (N,).

    The labelled rows may be part of it, with the same cluster there as here, or not.
    """

    values: Floats
    clusters: Ints


@dataclass(frozen=True)
class CorrectedMean:
    """The mean over the run, by the labels alone and with the judge's help, with 95 % intervals.

    Attributes:
        tuning: how much the judge was relied on, 0 to 1 (lambda in the paper).
        gain: the labels do as well with the judge as this many times as many would alone.
        imbalance: the judge's mean on the run minus that on the labelled rows, in standard errors: far from 0
            where the labelled rows were not drawn at random.
    """

    labels_alone: Estimate
    corrected: Estimate
    tuning: float = 0.0
    gain: float = 1.0
    imbalance: float = 0.0


def corrected_mean(labelled: LabelledRows, run: JudgedRows) -> CorrectedMean:
    """The mean that people would give rows such as those of ``run``.

    The corrected interval is Wilson's for as many independent rows as the estimate is worth: the effective
    size of the labelled sample times the gain. How it covers: tests/benchmarks/corrected_coverage.py.
    """
    if not labelled.labels.size:
        return CorrectedMean(Estimate.nothing(NO_LABELS), Estimate.nothing(NO_LABELS))
    size, mean = _effective_size(labelled), labelled.mean(labelled.labels)
    alone = _estimate(mean, size, labelled)
    if not run.values.size:
        return CorrectedMean(alone, Estimate.nothing(NO_SCORES, alone.n))
    of_labels, of_judge = _cluster_influences(labelled, run)
    tuning, gain = _tune(of_labels, of_judge, size)
    move = float(run.values.mean()) - labelled.mean(labelled.judged)
    corrected = _estimate(mean + tuning * move, size * gain, labelled)
    # where the judge flags few rows it may say the same of all labelled ones: the run's variance is the floor
    error = sqrt(max(float(of_judge @ of_judge), float(run.values.var()) / labelled.cluster_count))
    return CorrectedMean(alone, corrected, tuning, gain, move / error if error > _ROUNDING else 0.0)


def _cluster_influences(labelled: LabelledRows, run: JudgedRows) -> tuple[Floats, Floats]:
    """By cluster, to first order: the error of mean(y), and that of mean(f) of the run - mean(f) of the labelled.

    A prompt's rows add up before they are squared, those in the run and those among the labelled alike: the
    linearised, cluster-robust variance, whatever part of the run was labelled.
    """
    codes = np.unique(np.concatenate([labelled.clusters, run.clusters]), return_inverse=True)[1]
    ours, theirs = codes[: labelled.clusters.size], codes[labelled.clusters.size :]
    m = int(codes.max()) + 1
    of_labels = _sums(ours, labelled.influence(labelled.labels), m)
    of_run = _sums(theirs, (run.values - run.values.mean()) / run.values.size, m)
    return of_labels, of_run - _sums(ours, labelled.influence(labelled.judged), m)


def _sums(codes: Ints, errors: Floats, clusters: int) -> Floats:
    return np.bincount(codes, errors, clusters).astype(np.float64)


def _tune(of_labels: Floats, of_judge: Floats, size: float) -> tuple[float, float]:
    """The tuning in [0, 1] that makes the variance least, and by what factor it is then smaller.

    For independent rows this is the paper's plug-in formula, cov(y, f) / ((1 + n/N) var(f)). Where the judge's
    errors are rare a small sample may hold none, and the variance would come out as next to nothing. So the
    sample (of effective ``size``) is joined by DOUBT rows, spread evenly over the corners of (y, f) in {0, 1}^2,
    as Agresti and Min (2005, *Stat. Med.* 24, 729-740) do for differences of paired proportions.
    """
    doubt = DOUBT / 4 / size**2
    covariance = -float(of_labels @ of_judge)
    of_y, of_f = float(of_labels @ of_labels) + doubt, float(of_judge @ of_judge) + doubt
    tuning = min(max(covariance / of_f, 0.0), 1.0)
    return tuning, of_y / (of_y - 2 * tuning * covariance + tuning**2 * of_f)


def _effective_size(labelled: LabelledRows) -> float:
    """How many independent rows would be as informative, as ``guardrank.metrics`` has it, but with weights."""
    n, m = labelled.labels.size, labelled.cluster_count
    mean, errors = labelled.mean(labelled.labels), labelled.influence(labelled.labels)
    if m == 1 or labelled.labels.min() == labelled.labels.max():
        return float(m * labelled.weights.sum() ** 2 / (n * labelled.weights @ labelled.weights))
    by_cluster = _sums(np.unique(labelled.clusters, return_inverse=True)[1], errors, m)
    variance = max(float(errors @ errors) * n / (n - 1), float(by_cluster @ by_cluster) * m / (m - 1))
    return mean * (1 - mean) / variance * n / (n - 1) * (t_quantile(n - 1) / t_quantile(m - 1)) ** 2


def _estimate(mean: float, size: float, labelled: LabelledRows) -> Estimate:
    """``mean``, held in [0, 1], with Wilson's interval for ``size`` independent rows."""
    try:
        from statsmodels.stats.proportion import proportion_confint
    except ImportError:
        raise MissingExtraError("correcting scores", "agree") from None
    value = min(max(mean, 0.0), 1.0)
    low, high = proportion_confint(value * size, size, method="wilson")
    return Estimate(
        value, labelled.labels.size, min(max(float(low), 0.0), value), max(min(float(high), 1.0), value)
    )
