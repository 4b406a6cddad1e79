"""One group's rows, picked by relevance and unlikeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from guardrank.agreement.queue.pool import FAILED_SHARE, TRADE, Pool, mid_ranks


def pool(
    angles: Sequence[float],
    ranks: Sequence[float] | None = None,
    *,
    failed: Sequence[int] = (),
    clusters: Sequence[int] | None = None,
    trade: float = 0.5,
) -> Pool:
    """Rows on the unit circle, in degrees."""
    n = len(angles)
    turns = np.radians(np.array(angles, dtype=float))
    return Pool(
        np.arange(n),
        np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32),
        np.array(ranks if ranks is not None else [0.0] * n, dtype=float),
        np.isin(np.arange(n), list(failed)),
        np.array(clusters if clusters is not None else range(n), dtype=np.uint64),
        trade,
    )


def rows(of: Pool, count: int, per_prompt: int = 3) -> list[int]:
    return [found.row for found in of.take(count, Counter(), per_prompt)]


def test_mid_ranks_by_hand() -> None:
    """Of 4: 0.1 has none below; 0.5 twice has 1 below and itself counts half of 2; 0.9 has 3 below."""
    assert mid_ranks(np.array([0.5, 0.1, 0.9, 0.5])).tolist() == [0.5, 0.125, 0.875, 0.5]
    assert mid_ranks(np.array([7.0, 7.0])).tolist() == [0.5, 0.5]


def test_without_a_judge_the_farthest_comes_next() -> None:
    """From 0 degrees 90 is farthest; then 45 (45 from both) is farther than 10."""
    found = pool([0, 10, 90, 45], trade=0.0).take(4, Counter(), 3)
    assert [each.row for each in found] == [0, 2, 3, 1]
    assert found[0].similarity is None
    assert found[1].similarity == 0


def test_maximal_marginal_relevance_by_hand() -> None:
    """Opposite pairs, so that the mean vector is 0 and similarity is the cosine.

    mid-ranks 0.875 0.625 0.375 0.125 of rows at 0, 10, 190 and 180 degrees. First row 0. Then, with trade 1/2:
    row 1: (0.625 - cos 10) / 2 < 0, row 2: 0.375 / 2, row 3: 0.125 / 2; at last row 3 is cos 10 like row 2, so
    (0.125 - 0.985) / 2 = -0.43 against row 1's (0.625 - 0.985) / 2 = -0.18.
    """
    assert rows(pool([0, 10, 190, 180], [4, 3, 2, 1]), 4) == [0, 2, 1, 3]
    # at 0, 60, 240 and 180 degrees none is a near-duplicate of another: relevance alone decides
    assert rows(pool([0, 60, 240, 180], [4, 3, 2, 1], trade=1.0), 4) == [0, 1, 2, 3]


@pytest.mark.parametrize("trade", [TRADE, 1.0])
def test_twenty_near_duplicates_are_not_twenty_picks(trade: float) -> None:
    angles = [0.1 * i for i in range(20)] + [90, 180, 270, 135, 225]
    ranks = [*range(100, 80, -1), 5, 4, 3, 2, 1]
    of = pool(angles, ranks, trade=trade)
    picked = rows(of, 6)
    assert picked[0] == 0
    assert sorted(picked[1:]) == [20, 21, 22, 23, 24]
    assert rows(of, 2) == [1, 2]  # nothing else is left


def test_failed_rows_are_limited_to_a_share() -> None:
    picked = rows(pool(range(40), [3.0] * 30 + [0.5] * 10, failed=range(30)), 20)
    assert sum(row < 30 for row in picked) == FAILED_SHARE * 20
    assert len(picked) == 12  # two failed, and all ten others


def test_a_few_rows_a_prompt() -> None:
    of, prompts = pool(range(9), clusters=[7] * 6 + [8] * 3), Counter({8: 1})
    picked = [found.row for found in of.take(9, prompts, 2)]
    assert len(picked) == 3
    assert prompts == {7: 2, 8: 2}
    assert of.left == 0


def test_what_was_drawn_elsewhere_is_neither_picked_nor_imitated() -> None:
    of = pool([0, 1, 90, 180, 270], trade=0.0)
    of.set_aside([0, 99])
    found = of.take(4, Counter(), 3)
    assert sorted(each.row for each in found) == [1, 2, 3, 4]
    assert found[-1].row == 1
    assert found[0].similarity is not None


@pytest.mark.parametrize("count", [0, 1, 3, 10])
def test_never_more_than_there_are(count: int) -> None:
    of = pool([0, 120, 240])
    assert len(set(rows(of, count))) == min(count, 3)
    assert of.left == 3 - min(count, 3)


def test_one_direction_only() -> None:
    """All rows alike, or without any text: relevance decides, and nothing is divided by zero."""
    assert rows(pool([5, 5, 5], [1, 3, 2]), 3) == [1, 2, 0]
    empty = Pool(np.arange(2), np.zeros((2, 4), np.float32), np.zeros(2), np.zeros(2, bool), np.zeros(2, np.uint64))
    assert rows(empty, 2) == [0, 1]
