"""The Judge protocol: anything that turns records into verdicts, a window of records at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol, TypeVar

from guardrank.dimensions import Dimension
from guardrank.records import Record, Verdict

_T = TypeVar("_T")


class Judge(Protocol):
    """GuardRank heads, a chat model, a recorded column of labels and a keyword rule are all judges."""

    @property
    def name(self) -> str:
        """Name and content hash, as verdicts carry it: ``truthfulness@1f0c5a...``."""
        ...

    @property
    def dimensions(self) -> frozenset[Dimension]:
        """What it can judge."""
        ...

    def score(self, records: Iterable[Record]) -> Iterator[Verdict]:
        """One verdict for each record, in order; a record that cannot be judged gets a failed verdict."""
        ...


WINDOW = 1024
"""Records held at once: enough to batch like lengths together, few enough to stream."""


def windows(rows: Iterable[_T], size: int = WINDOW) -> Iterator[list[_T]]:
    """``rows`` in lists of ``size``, in order, the last one shorter."""
    stream = iter(rows)
    while window := list(islice(stream, size)):
        yield window
