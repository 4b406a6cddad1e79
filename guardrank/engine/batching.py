"""Batches by token budget: rows of like length together, so that little or nothing of a batch is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def batches_by_tokens(lengths: Sequence[int], budget: int, *, padding: bool = True) -> Iterator[list[int]]:
    """Indices of ``lengths`` in batches, longest first, each at most ``budget`` tokens with its padding.

    A row longer than the budget is a batch of its own.

    Args:
        padding: whether rows of different lengths may share a batch.
    """
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        longest = lengths[batch[0]] if batch else 0
        if batch and (longest * (len(batch) + 1) > budget or not (padding or lengths[i] == longest)):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
