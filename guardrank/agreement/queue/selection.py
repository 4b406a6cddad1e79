"""The choice: a few rows by chance, the rest for what they teach, spread over dimensions and languages.

all candidates ──uniformly at random──> sampled "random": unbiased rates can be estimated from their labels
the rest ──by group, square-root shares──> sampled "chosen": uncertain and unlike each other (pool)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from guardrank.agreement.queue.candidates import Candidates, Group
from guardrank.agreement.queue.opinions import Opinion
from guardrank.agreement.queue.pool import TRADE, Found, Pool
from guardrank.engine import share_room


@dataclass(frozen=True)
class Wish:
    """How many rows, and how.

    Attributes:
        rows: the size of the queue.
        random_share: how much of it is drawn uniformly at random, in [0, 1].
        per_prompt: how many of the chosen rows may share a prompt.
        trade: how much uncertainty counts against likeness, in [0, 1].
    """

    rows: int
    random_share: float = 0.2
    per_prompt: int = 3
    seed: int = 13
    trade: float = TRADE


@dataclass(frozen=True)
class Pick:
    """A candidate that goes into the queue.

    Attributes:
        probability: of a random row: how likely any candidate was to be drawn.
        weight: of a random row: how many rows of the run it stands for (its copies / probability), so that
            weighted means over the random rows are unbiased for all candidates (Horvitz and Thompson 1952).
        similarity: of a chosen row, to the nearest one chosen before from its group.
    """

    row: int
    sampled: Literal["random", "chosen"]
    probability: float | None = None
    weight: float | None = None
    similarity: float | None = None


def choose(candidates: Candidates, opinions: Sequence[Opinion | None], wish: Wish) -> list[Pick]:
    """At most ``wish.rows`` picks in an order that says nothing about them; fewer where prompts are too few.

    Args:
        opinions: one for each candidate, in order.
    """
    random = np.random.default_rng(wish.seed)
    drawn = _draw(candidates, wish, random)
    prompts = Counter(candidates.cluster[pick.row] for pick in drawn)
    pools = _pools(candidates, opinions, wish.trade, random)
    for pool in pools:
        pool.set_aside(pick.row for pick in drawn)
    found = _fill(pools, wish.rows - len(drawn), prompts, wish.per_prompt)
    picks = drawn + [Pick(row, "chosen", similarity=similarity) for row, similarity in found]
    return [picks[i] for i in random.permutation(len(picks))]


def _draw(candidates: Candidates, wish: Wish, random: np.random.Generator) -> list[Pick]:
    size = min(round(wish.random_share * wish.rows), len(candidates))
    if not size:
        return []
    probability = size / len(candidates)
    rows = random.choice(len(candidates), size, replace=False).tolist()
    return [Pick(row, "random", probability, candidates.copies[row] / probability) for row in rows]


def _pools(
    candidates: Candidates, opinions: Sequence[Opinion | None], trade: float, random: np.random.Generator
) -> list[Pool]:
    members: dict[Group, list[int]] = {}
    for row, group in enumerate(candidates.group):
        members.setdefault(group, []).append(row)
    ranks = np.array([np.nan if opinion is None else opinion.rank for opinion in opinions])
    failed = np.array([opinion is not None and opinion.error is not None for opinion in opinions])
    clusters = np.array(candidates.cluster, dtype=np.uint64)
    pools = []
    for group in sorted(members):
        rows = random.permutation(np.array(members[group], dtype=np.intp))
        vectors = candidates.vectors[rows]
        pools.append(Pool(rows, vectors, _filled(ranks[rows]), failed[rows], clusters[rows], trade))
    return pools


def _filled(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """``ranks`` with the median in the place of those that are not known."""
    unknown = np.isnan(ranks)
    middle = 0.0 if unknown.all() else float(np.median(ranks[~unknown]))
    return np.where(unknown, middle, ranks)


def _fill(pools: Sequence[Pool], count: int, prompts: Counter[int], per_prompt: int) -> list[Found]:
    """``count`` rows; what a pool cannot give goes to those that can."""
    found: list[Found] = []
    open_pools = [pool for pool in pools if pool.left]
    while open_pools and len(found) < count:
        weights = [sqrt(len(pool.rows)) for pool in open_pools]
        shares = share_room([pool.left for pool in open_pools], weights, count - len(found))
        given = [pool.take(share, prompts, per_prompt) for pool, share in zip(open_pools, shares, strict=True)]
        found += [row for rows in given for row in rows]
        gave_all = [len(rows) == share for rows, share in zip(given, shares, strict=True)]
        open_pools = [pool for pool, all_ in zip(open_pools, gave_all, strict=True) if all_ and pool.left]
    return found
