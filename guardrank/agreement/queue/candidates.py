"""Candidates: the rows that people may be asked about, in columns small enough for hundreds of thousands.

    records -> left out: labelled already, of pair tasks, seen before -> one candidate for each that remains

Texts are not kept: the rows that are chosen are read again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from guardrank.agreement.queue.ngrams import DIMS, Floats, record_vector
from guardrank.annotations import cluster_of, load_sources
from guardrank.dimensions import PAIR_SUBTASKS
from guardrank.records import Record

LABELLED = "labelled already"
BY_RULE = "of pair tasks, which a rule scores"
REPEATED = "the same prompt and response as another row"


class Group(NamedTuple):
    """What the queue is spread over."""

    dimension: str
    lang: str


@dataclass
class Candidates:
    """Columns: item ``i`` of each belongs to candidate ``i``.

    Attributes:
        place: which record of the stream it is, from 0, ascending.
        content: hash of what would be judged; no two candidates have the same.
        cluster: hash of its prompt, or of what its source keeps together.
        copies: how many rows of the stream say the same.
        left_out: rows that are no candidates, by reason.
    """

    place: list[int] = field(default_factory=list)
    group: list[Group] = field(default_factory=list)
    content: list[int] = field(default_factory=list)
    cluster: list[int] = field(default_factory=list)
    copies: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    _vectors: bytearray = field(default_factory=bytearray)

    def __len__(self) -> int:
        return len(self.place)

    @property
    def vectors(self) -> Floats:
        """The texts, shape (n, DIMS), rows of length 1."""
        return np.frombuffer(self._vectors, dtype=np.float32).reshape(-1, DIMS)

    def add(self, place: int, record: Record, content: int) -> None:
        """A record that is unlike all candidates before."""
        self.place.append(place)
        self.group.append(Group(record.dimension.value, record.lang or ""))
        self.content.append(content)
        self.cluster.append(_hash(cluster_of(record)))
        self.copies.append(1)
        self._vectors += record_vector(record).tobytes()


def survey(
    records: Iterable[Record], *, labelled: Collection[int] = (), include_labelled: bool = False
) -> Candidates:
    """The candidates among ``records``.

    Args:
        labelled: contents (``content_key``) that people labelled elsewhere.
        include_labelled: whether rows with a label may be asked about again.
    """
    found = Candidates()
    seen: dict[int, int] = {}
    for place, record in enumerate(records):
        content = content_key(record)
        if record.subtask in PAIR_SUBTASKS:
            found.left_out[BY_RULE] += 1
        elif not include_labelled and (content in labelled or has_label(record)):
            found.left_out[LABELLED] += 1
        elif content in seen:
            found.left_out[REPEATED] += 1
            found.copies[seen[content]] += 1
        else:
            seen[content] = len(found)
            found.add(place, record, content)
    return found


def has_label(record: Record) -> bool:
    """Whether people gave this row a label; that of a recorded judge, as some sources have it, is none."""
    source = load_sources().get(record.source or "")
    if source and source.label.field.startswith("judges."):
        return False
    given = record.annotations or []
    return record.human is not None or any(
        score is not None for score in (given.values() if isinstance(given, dict) else given)
    )


def content_key(record: Record) -> int:
    """Hash of what is judged and in which dimension: rows with the same key are one question to people."""
    parts = (record.dimension.value, record.prompt, record.response, record.reference, record.image)
    return _hash("\x1f".join(" ".join((part or "").split()) for part in parts))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
