"""Places with ties: which models can be told apart, and where each may therefore stand.

    sums by cluster ──2,000 resamples of the images, the same for all models──> ASD of each model
    differences ──over their standard error, Holm over all pairs──> decided or not ──> places

A model's best place is one behind all that are surely better, its worst one before all that are surely worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from guardrank.benchmark.leaderboard.board import Place
from guardrank.benchmark.leaderboard.clusters import PARTS, Floats, Sums, parts_of
from guardrank.dimensions import Dimension
from guardrank.metrics import Estimate
from guardrank.metrics.intervals import Z95

RESAMPLES = 2_000
FEW_CLUSTERS = 10
"""Fewer images than this say nothing of how the next ones would come out."""
LEVEL = 0.05
OTHER_SUBTASKS = "not the same subtasks"
TOO_FEW = f"fewer than {FEW_CLUSTERS} images"


class Compared(NamedTuple):
    """Two models by number: the difference of their ASD, and its Holm-corrected two-sided p."""

    first: int
    second: int
    difference: Estimate
    p: float | None


def resampled(sums: Sequence[Sums], *, seed: int = 0) -> Floats:
    """ASD of each model's parts in each resample, (1 + resamples, models, parts), nan where nothing was scored.

    The first row is the sample itself. Images are drawn with replacement, for all models alike.
    """
    clusters = sums[0].numerator.shape[0]
    draws = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), RESAMPLES)
    weights = np.vstack([np.ones(clusters), draws])
    numerator = np.stack([weights @ one.numerator for one in sums], axis=1)
    denominator = np.stack([weights @ one.denominator for one in sums], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def mean_of_dimensions(rates: Floats, dimensions: Sequence[Dimension]) -> Floats:
    """(resamples, models, parts) -> (resamples, models): the mean of dimensions, each the mean of its parts.

    A part that no row of the sample has is left out, as in the table; one that a resample lost makes that nan.
    """
    columns = []
    for dimension in dimensions:
        parts = [PARTS.index(part) for part in parts_of(dimension)]
        there = [part for part in parts if not np.isnan(rates[0, :, part]).all()]
        columns.append(rates[:, :, there].mean(axis=2) if there else np.full(rates.shape[:2], np.nan))
    mean: Floats = np.stack(columns, axis=2).mean(axis=2)
    return mean


def fewest_clusters(sums: Sequence[Sums], dimensions: Sequence[Dimension]) -> int:
    """How many images stand behind the figures of that model which has the fewest."""
    columns = [PARTS.index(part) for dimension in dimensions for part in parts_of(dimension)]
    return min(int((one.denominator[:, columns].sum(axis=1) > 0).sum()) for one in sums)


def compare(means: Floats, clusters: int) -> list[Compared]:
    """Every two models, from (1 + resamples, models) whose first row is the sample."""
    found = [_compare(means, a, b, clusters) for a, b in combinations(range(means.shape[1]), 2)]
    adjusted = _holm([one.p for one in found])
    return [one._replace(p=p) for one, p in zip(found, adjusted, strict=True)]


def _compare(means: Floats, a: int, b: int, clusters: int) -> Compared:
    differences = means[:, a] - means[:, b]
    value = float(differences[0])
    if clusters < FEW_CLUSTERS or not np.isfinite(value):
        reason = TOO_FEW if clusters < FEW_CLUSTERS else OTHER_SUBTASKS
        return Compared(a, b, Estimate.nothing(reason, clusters), None)
    error = float(np.nanstd(differences[1:], ddof=1))
    estimate = Estimate(value, clusters, value - Z95 * error, value + Z95 * error)
    return Compared(a, b, estimate, _two_sided(value, error))


def _two_sided(value: float, error: float) -> float:
    from scipy.stats import norm

    if error == 0:
        return 1.0 if value == 0 else 0.0
    return float(2 * norm.sf(abs(value) / error))


def _holm(ps: Sequence[float | None]) -> list[float | None]:
    """Holm (1979), *Scand. J. Stat.* 6, 65-70, over those that there are."""
    from statsmodels.stats.multitest import multipletests

    known = [p for p in ps if p is not None]
    adjusted = iter(multipletests(known, method="holm")[1].tolist() if known else [])
    return [None if p is None else float(next(adjusted)) for p in ps]


def places(compared: Sequence[Compared], models: int) -> list[Place]:
    """The place of each model, by number."""
    better, worse = np.zeros(models, int), np.zeros(models, int)
    for one in compared:
        if one.p is None or one.p >= LEVEL or one.difference.value is None:
            continue
        winner, loser = (one.first, one.second) if one.difference.value < 0 else (one.second, one.first)
        better[loser] += 1
        worse[winner] += 1
    return [Place(best=1 + int(better[i]), worst=models - int(worse[i])) for i in range(models)]
