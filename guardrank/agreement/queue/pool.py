"""A pool of candidates, picked one at a time: relevant, and unlike those picked before.

    next = argmax  trade * relevance - (1 - trade) * similarity to the nearest one picked

Maximal marginal relevance (Carbonell and Goldstein 1998, SIGIR, 335-336). Where all are equally relevant, it
takes the one farthest from all picked: farthest-first traversal (Gonzalez 1985, *Theor. Comput. Sci.* 38,
293-306), the core-set rule of Sener and Savarese (2018, ICLR).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from guardrank.agreement.queue.ngrams import Floats

TRADE = 0.8
"""Relevance against likeness: 1 asks for the most relevant rows however alike, 0 for the least alike.

Of 0.5, 0.7, 0.8, 0.9 and 1 the best compromise on dev rows of five data sets (tests/benchmarks/queue_value.py).
"""
NEAR_DUPLICATE = 0.8
"""Rows that are more alike than this are taken only where nothing else is left, however relevant they are."""
FAILED_SHARE = 0.1
"""As many of a pool's picks may be rows that the judge failed on: they may teach much, or be mere junk."""

_HIGHEST_COMMON = 0.9


class Found(NamedTuple):
    """A candidate, and how like the nearest one picked before it is (0 unrelated, 1 the same; None: the first)."""

    row: int
    similarity: float | None


class Pool:
    """The candidates of one group.

    Args:
        rows: their numbers, in the order in which equals are taken.
        vectors: shape (n, d), one for each of ``rows``, of length 1.
        ranks: how uncertain the judge is of each; only the order counts.
        failed: whether the judge failed on each.
        clusters: the prompt of each.
        trade: in [0, 1], see TRADE.
    """

    def __init__(
        self,
        rows: NDArray[np.intp],
        vectors: Floats,
        ranks: NDArray[np.float64],
        failed: NDArray[np.bool_],
        clusters: NDArray[np.uint64],
        trade: float = TRADE,
    ) -> None:
        self.rows, self._vectors, self._failed, self._clusters = rows, vectors, failed, clusters
        self._trade = trade
        self._relevance = mid_ranks(ranks).astype(np.float32)
        self._nearest = np.zeros(len(rows), dtype=np.float32)
        self._free = np.ones(len(rows), dtype=np.bool_)
        self._common = min(float(np.square(vectors.mean(axis=0)).sum()), _HIGHEST_COMMON)
        self._picked, self._picked_failed, self._compared = 0, 0, False

    @property
    def left(self) -> int:
        """How many are still to be had."""
        return int(self._free.sum())

    def set_aside(self, rows: Iterable[int]) -> None:
        """Rows that were picked elsewhere: not to be had any more, and the next ones shall be unlike them."""
        for index in np.flatnonzero(np.isin(self.rows, list(rows))):
            self._remove(int(index))

    def take(self, count: int, prompts: Counter[int], per_prompt: int) -> list[Found]:
        """The next ``count``, or as many as there are.

        Args:
            prompts: cluster -> how many rows of it were picked so far, in any pool; counted on.
            per_prompt: how many may be.
        """
        most_failed = ceil(FAILED_SHARE * (self._picked + count))
        found: list[Found] = []
        while len(found) < count and (index := self._best(self._picked_failed < most_failed)) is not None:
            cluster = int(self._clusters[index])
            if prompts[cluster] >= per_prompt:
                self._free &= self._clusters != cluster
                continue
            prompts[cluster] += 1
            found.append(Found(int(self.rows[index]), float(self._nearest[index]) if self._compared else None))
            self._picked += 1
            self._picked_failed += bool(self._failed[index])
            self._remove(index)
        return found

    def _best(self, failed_too: bool) -> int | None:
        allowed = self._free if failed_too else self._free & ~self._failed
        if not allowed.any():
            return None
        unlike = allowed & (self._nearest < NEAR_DUPLICATE)
        value = self._trade * self._relevance - (1 - self._trade) * self._nearest
        return int(np.argmax(np.where(unlike if unlike.any() else allowed, value, -np.inf)))

    def _remove(self, index: int) -> None:
        self._free[index] = False
        self._compared = True
        alike = (self._vectors @ self._vectors[index] - self._common) / (1 - self._common)
        np.maximum(self._nearest, alike, out=self._nearest)


def mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of values below each one, equals counting half: in (0, 1), whatever the judge's calibration."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return ((counts.cumsum() - counts / 2) / len(values))[which]
