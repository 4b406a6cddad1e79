"""Batches: every row once, within the budget, and no more of them than needed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.engine import batches_by_tokens


@pytest.mark.parametrize(
    "lengths, budget, batches",
    [
        ([], 10, []),
        ([4], 10, [[0]]),
        ([4, 4, 4], 8, [[0, 1], [2]]),
        ([2, 5, 3, 5], 10, [[1, 3], [2, 0]]),  # longest first, of equals the first
        ([1, 9, 1, 1], 9, [[1], [0, 2, 3]]),
        ([50, 3, 3], 9, [[0], [1, 2]]),  # a row over the budget goes alone
        ([0, 0], 5, [[0, 1]]),
    ],
)
def test_batches(lengths, budget, batches):
    assert list(batches_by_tokens(lengths, budget)) == batches


@given(lengths=st.lists(st.integers(0, 600), max_size=80), budget=st.integers(1, 2000))
def test_every_row_is_in_one_batch_and_padding_counts_towards_the_budget(lengths, budget):
    batches = list(batches_by_tokens(lengths, budget))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        padded = max(lengths[i] for i in batch) * len(batch)
        assert padded <= budget or len(batch) == 1
    for batch, following in pairwise(batches):
        longest = max(lengths[i] for i in batch)
        assert longest * (len(batch) + 1) > budget, "the next row would still have fitted"
        assert min(lengths[i] for i in batch) >= max(lengths[i] for i in following)
