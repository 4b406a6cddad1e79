"""Slices: the rows of a study grouped by what they share.

dimension, subtask, lang, model    as the rows say; rows that do not say are in no group
length                             thirds by the response's characters
refusal                            whether the response opens with a refusal, by the keyword rule
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from guardrank.agreement.results import By
from guardrank.console import say
from guardrank.dimensions import DIMENSIONS
from guardrank.judge.keyword import refuses
from guardrank.records import Record

MANY_VALUES = 50
"""Of a grouping with more values only the commonest are told."""


class Group(NamedTuple):
    """The rows (their places, ascending) that share ``value`` of ``by``."""

    by: By
    value: str
    places: NDArray[np.int64]


def group_rows(records: Sequence[Record], groupings: Sequence[By]) -> list[Group]:
    """All rows, then each grouping's groups: dimensions in the table's order, lengths ascending, others by name."""
    groups = [Group("all", "all", np.arange(len(records)))]
    for by in groupings:
        groups += _groups(by, _VALUES[by](records))
    return groups


def _groups(by: By, values: Sequence[str | None]) -> list[Group]:
    counts = Counter(value for value in values if value)
    kept = {value for value, _ in counts.most_common(MANY_VALUES)}
    if len(counts) > MANY_VALUES:
        say(f"{len(counts):,} values of {by}: only the {MANY_VALUES} commonest are told")
    column = np.array([value or "" for value in values], dtype=object)
    return [Group(by, value, np.flatnonzero(column == value)) for value in sorted(kept, key=_ORDER.get(by))]


def length_thirds(lengths: Sequence[int]) -> list[str]:
    """``short (up to 120 characters)`` and so on for each length: thirds of the rows, as far as ties allow."""
    low, high = np.quantile(lengths, [1 / 3, 2 / 3], method="inverted_cdf").astype(int).tolist()
    names = (
        f"short (up to {low:,} characters)",
        f"medium ({low + 1:,} to {high:,} characters)",
        f"long (over {high:,} characters)",
    )
    return [names[(length > low) + (length > high)] for length in lengths]


def _by_length(records: Sequence[Record]) -> list[str]:
    return length_thirds([len(record.response) for record in records])


_VALUES: Mapping[By, Callable[[Sequence[Record]], Sequence[str | None]]] = {
    "dimension": lambda records: [record.dimension.value for record in records],
    "subtask": lambda records: [record.subtask for record in records],
    "lang": lambda records: [record.lang for record in records],
    "model": lambda records: [record.model for record in records],
    "length": _by_length,
    "refusal": lambda records: ["refuses" if refuses(record.response) else "answers" for record in records],
}
_ORDER: Mapping[By, Callable[[str], int]] = {
    "dimension": [dimension.value for dimension in DIMENSIONS].index,
    "length": lambda value: ("short", "medium", "long").index(value.split()[0]),
    "refusal": ["refuses", "answers"].index,
}
