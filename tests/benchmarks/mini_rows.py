"""The rows that guardrank-mini is measured on, and what it says of them.

    ../shared/data ──read once──> test and dev rows by source, prompts of training rows
    unseen files   ──without rows whose prompt is among those──> measured rows, left-out count
    measured rows  ──judge──> Judged: labels, chances, alarms, confidences, side by side

Test rows of sources that nobody labelled are not there; dev rows serve the question whether bars hold elsewhere.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from pathlib import Path

import numpy as np
from mini_plan import SHIPPED, UNSEEN, Source
from people_labels import by_people, is_positive

from guardrank.agreement.sample import Bools, Floats, Ints, Sample, cluster_codes
from guardrank.annotations import cluster_of, load_sources, read_records
from guardrank.errors import UsageError
from guardrank.judge import Judge
from guardrank.judge.row_samples import sample_clusters
from guardrank.records import Record, Verdict


@dataclass(frozen=True)
class SourceRows:
    """One source: the rows it is measured on, its dev rows, and how many rows training had the prompts of."""

    source: Source
    measured: list[Record]
    dev: list[Record]
    left_out: int = 0


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows with a label that says yes or no, and a score; the arrays have the shape (n,).

    Attributes:
        positive: whether the label is above 0.
        chance: the judge's probability that the score is above 0.
        alarm: whether its score is.
        failed: further rows that it gave no score; open_labels: further ones whose label may mean either.
    """

    records: list[Record]
    positive: Bools
    chance: Floats
    alarm: Bools
    confidence: Floats
    failed: int = 0
    open_labels: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def wrong(self) -> Bools:
        """Where score and label differ."""
        return np.asarray(self.alarm != self.positive)

    @cached_property
    def clusters(self) -> Ints:
        """Codes of the prompts (or what the source names), 0 to m-1."""
        return cluster_codes([cluster_of(record) for record in self.records])

    @property
    def dimensions(self) -> list[str]:
        """The rows' dimensions."""
        return [record.dimension.value for record in self.records]

    @property
    def sample(self) -> Sample:
        """Labels and alarms, as agreement is computed from."""
        return Sample(self.positive.astype(np.int64), self.alarm.astype(np.int64), self.clusters, classes=2)

    def only(self, rows: Iterable[bool] | Bools) -> Judged:
        """Some of the rows, by a mask."""
        mask = np.fromiter(rows, bool, len(self.records))
        arrays = (self.positive, self.chance, self.alarm, self.confidence)
        return Judged(list(compress(self.records, mask)), *(array[mask] for array in arrays))


def join(parts: Sequence[Judged]) -> Judged:
    """All rows of several; none of none."""
    records = [record for part in parts for record in part.records]
    columns = [[getattr(part, name) for part in parts] for name in ("positive", "chance", "alarm", "confidence")]
    kinds = (bool, np.float64, bool, np.float64)
    return Judged(records, *(np.concatenate([np.empty(0, k), *c]) for c, k in zip(columns, kinds, strict=True)))


def read_sources(folder: Path, trained: Collection[str], limit: int | None) -> list[SourceRows]:
    """The rows of every source of the plan whose file is in ``folder``.

    Args:
        trained: sources that the judge was trained on: their test rows are measured, and their prompts are known.
        limit: rows measured of each source; None for all.
    """
    plan = {source.name: source for source in (*SHIPPED, *UNSEEN)}
    known = {name for name, row in load_sources().items() if row.shipped} | set(trained)
    prompts: set[str] = set()
    found: dict[str, SourceRows] = {}
    for name in dict.fromkeys([*sorted(known), *plan]):  # the known ones first: their prompts must be complete
        file = folder / f"{name}.jsonl.gz"
        rows = list(read_records(file)) if file.is_file() else []
        if name in known:
            prompts |= {plain(row.prompt) for row in rows if row.split != "test"}
        if rows and name in plan:
            found[name] = _chosen(plan[name], rows, prompts, whole=name not in known, limit=limit)
            print(f"{name}: {len(found[name].measured):,} of {len(rows):,} rows to measure", file=sys.stderr)
    if not found:
        raise UsageError(f"{folder} holds none of the annotated files: data/sources.yaml says where they are from")
    return [found[name] for name in plan if name in found]


def _chosen(source: Source, rows: list[Record], prompts: set[str], *, whole: bool, limit: int | None) -> SourceRows:
    rows = [row for row in rows if row.human is not None and by_people(row)]
    dev = [row for row in rows if row.split == "dev"]
    measured = [row for row in rows if whole or row.split == "test"]
    kept = [row for row in measured if not (whole and plain(row.prompt) in prompts)]
    left_out = len(measured) - len(kept)
    if limit is not None:
        kept, dev = sample_clusters(kept, limit), sample_clusters(dev, limit)
    return SourceRows(source, kept, dev, left_out)


def plain(prompt: str) -> str:
    """A prompt without what does not make it another one: case, and spaces at its ends or in a row."""
    return " ".join(prompt.split()).casefold()


def judge_rows(judge: Judge, rows: Sequence[Record]) -> Judged:
    """What the judge says of those rows whose label says yes or no."""
    asked = [row for row in rows if is_positive(row) is not None]
    started = time.perf_counter()
    verdicts = list(judge.score(asked))
    seconds = time.perf_counter() - started
    scored = [(row, verdict) for row, verdict in zip(asked, verdicts, strict=True) if verdict.score is not None]
    return Judged(
        [row for row, _ in scored],
        np.array([bool(is_positive(row)) for row, _ in scored], bool),
        np.array([chance_above_zero(verdict) for _, verdict in scored], np.float64),
        np.array([(verdict.score or 0) > 0 for _, verdict in scored], bool),
        np.array([verdict.confidence for _, verdict in scored], np.float64),
        failed=len(asked) - len(scored),
        open_labels=len(rows) - len(asked),
        seconds=seconds,
    )


def chance_above_zero(verdict: Verdict) -> float:
    """P(score > 0) of a verdict."""
    assert verdict.probs is not None
    return min(max(1.0 - verdict.probs[0], 0.0), 1.0)
