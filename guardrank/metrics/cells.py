"""Cells: what a tally keeps of its rows, a few bytes each, for one dimension, subtask, model and language.

A row of a scored task leaves its score (1 byte) and its cluster's hash (8); a half of a pair task leaves its
cluster's and its pair's hash (8 each), which half it is, its answer and the right answer (1 each).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from guardrank.dimensions import PAIR_SUBTASKS, Dimension
from guardrank.metrics.matching import IS_SECOND, MISSING, UNREADABLE, answer_code
from guardrank.records import Record, Verdict


class CellKey(NamedTuple):
    """What a cell's rows have in common."""

    dimension: Dimension
    subtask: str | None
    model: str | None
    lang: str | None

    @property
    def is_pair_task(self) -> bool:
        """Whether its rows are halves of pairs, compared by a rule."""
        return self.dimension is Dimension.TRUTHFULNESS and self.subtask in PAIR_SUBTASKS


def _small() -> array[int]:
    return array("b")


def _hashes() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Cell:
    """Counts and columns of one cell; the last four columns are those of pair tasks."""

    n: int = 0
    abstained: int = 0
    truncated: int = 0
    left_out: int = 0
    """Rows that abstained and therefore count for nothing."""
    off_scale: int = 0
    unplaced: int = 0
    """Halves that name no pair, or no role of their subtask."""
    clusters: array[int] = field(default_factory=_hashes)
    scores: array[int] = field(default_factory=_small)
    pairs: array[int] = field(default_factory=_hashes)
    second: array[int] = field(default_factory=_small)
    answers: array[int] = field(default_factory=_small)
    right: array[int] = field(default_factory=_small)

    def count(self, verdict: Verdict, include_abstained: bool) -> None:
        """Count a row, whatever becomes of it."""
        self.n += 1
        self.truncated += verdict.truncated
        self.abstained += verdict.abstained
        self.left_out += verdict.abstained and not include_abstained

    def add_score(self, verdict: Verdict, cluster: str, include_abstained: bool, top_score: int) -> None:
        """Keep the score, unless there is none, it is off the scale, or the judge abstained."""
        if verdict.abstained and not include_abstained:
            return
        if verdict.score is None:
            return
        if not 0 <= verdict.score <= top_score:
            self.off_scale += 1
            return
        self.scores.append(verdict.score)
        self.clusters.append(stable_hash(cluster))

    def add_half(self, record: Record, verdict: Verdict, cluster: str, include_abstained: bool) -> None:
        """Keep the answer of one half; pairs are told apart by model, as each answers the same cases."""
        second = IS_SECOND.get(record.subtask or "", {}).get(record.role or "")
        if record.pair is None or second is None:
            self.unplaced += 1
            return
        heard = include_abstained or not verdict.abstained
        self.pairs.append(stable_hash(f"{record.model!r} {record.pair}"))
        self.second.append(second)
        self.answers.append(_code_or(UNREADABLE, verdict.answer) if heard else MISSING)
        self.right.append(_code_or(MISSING, record.answer))
        self.clusters.append(stable_hash(cluster))


def joined(cells: Iterable[Cell], column: str, dtype: Any) -> NDArray[Any]:
    """One column of several cells, end to end."""
    return np.concatenate([np.array(getattr(cell, column), dtype) for cell in cells])


def stable_hash(text: str) -> int:
    """64 bits of BLAKE2b as a signed integer: the same in every process, unlike ``hash``."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _code_or(otherwise: int, answer: str | None) -> int:
    try:
        return answer_code(answer)
    except ValueError:
        return otherwise
