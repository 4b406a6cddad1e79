"""What an attack changes: each twin beside its clean case, the same judge on both.

(clean, twin) by attack and dimension ──> mean of score / top score of the twin minus that of the clean case
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from guardrank.benchmark.judging import Judged
from guardrank.benchmark.leaderboard.board import AttackEffect
from guardrank.dimensions import DIMENSIONS, PAIR_SUBTASKS, Dimension
from guardrank.metrics import Estimate
from guardrank.metrics.intervals import t_quantile

NO_PAIRS = "no pair in which both were scored"


def is_twin(one: Judged) -> bool:
    """Whether it is an attacked case that stands beside the leaderboard, not one half of a pair task."""
    return one.case.transform is not None and one.case.subtask not in PAIR_SUBTASKS


def attack_effects(
    model: str, judged: Sequence[Judged], clusters: Mapping[str, str], *, include_abstained: bool
) -> list[AttackEffect]:
    """One effect for each attack and dimension that has twins.

    Args:
        clusters: case id -> what its pair shares with others.
    """
    degrees = {one.case.id: _degree(one, include_abstained) for one in judged}
    groups: defaultdict[tuple[str, Dimension], list[Judged]] = defaultdict(list)
    for one in judged:
        if is_twin(one) and one.case.transform:
            groups[one.case.transform.name, one.case.dimension].append(one)
    return [
        _effect(model, attack, dimension, twins, degrees, clusters)
        for (attack, dimension), twins in sorted(groups.items(), key=lambda group: group[0])
    ]


def _degree(one: Judged, include_abstained: bool) -> float | None:
    score = one.verdict.score
    counts = score is not None and (include_abstained or not one.verdict.abstained)
    return score / DIMENSIONS[one.case.dimension].top_score if counts and score is not None else None


def _effect(
    model: str,
    attack: str,
    dimension: Dimension,
    twins: Sequence[Judged],
    degrees: Mapping[str, float | None],
    clusters: Mapping[str, str],
) -> AttackEffect:
    both = [(degrees.get(twin.case.pair or ""), degrees[twin.case.id], clusters[twin.case.id]) for twin in twins]
    pairs = [
        (clean, attacked, name) for clean, attacked, name in both if clean is not None and attacked is not None
    ]
    clean = np.array([pair[0] for pair in pairs], np.float64)
    attacked = np.array([pair[1] for pair in pairs], np.float64)
    return AttackEffect(
        model=model,
        attack=attack,
        dimension=dimension,
        pairs=len(pairs),
        unpaired=len(twins) - len(pairs),
        clean=float(clean.mean()) if pairs else None,
        attacked=float(attacked.mean()) if pairs else None,
        change=_mean_change(attacked - clean, [pair[2] for pair in pairs]),
    )


def _mean_change(changes: NDArray[np.float64], clusters: Sequence[str]) -> Estimate:
    """The mean with a t interval whose variance lets the rows of one cluster depend on each other."""
    n = changes.size
    if not n:
        return Estimate.nothing(NO_PAIRS)
    mean = float(changes.mean())
    codes = np.unique(np.array(clusters), return_inverse=True)[1]
    m = int(codes.max()) + 1
    by_cluster = np.bincount(codes, weights=changes - mean)
    if m < 2 or not by_cluster.any():
        return Estimate(mean, n)
    reach = t_quantile(m - 1) * sqrt(float(by_cluster @ by_cluster) * m / (m - 1)) / n
    return Estimate(mean, n, max(mean - reach, -1.0), min(mean + reach, 1.0))
