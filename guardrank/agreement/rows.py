"""The rows of a study: read once, those with a label kept, everything else counted.

DATA ──read_records──> records ──of the split──> with a label ──> Rows(records, labels, clusters)
                └> rejects         └> left out        └> unlabelled
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guardrank.agreement.asked import Asked, ask, ask_as_it_stands
from guardrank.agreement.results import DataFile
from guardrank.agreement.sample import cluster_codes
from guardrank.agreement.settings import StudySettings
from guardrank.annotations import LabelRule, Question, cluster_of, read_records
from guardrank.console import warn
from guardrank.errors import GuardRankError
from guardrank.judge.base import hash_file
from guardrank.records import Record, RejectLog, dump_line

MANY_ANNOTATORS = 8
"""With more of them (a crowd), the pairs that share no row would be most of the ceiling."""


@dataclass(frozen=True)
class Rows:
    """The labelled rows of a study, and what became of the others.

    Attributes:
        labels: shape (n,), on the classes of ``asked``.
        clusters: shape (n,), a number for each prompt (or image).
        annotators: names of those who labelled single rows.
        annotations: shape (n, annotators), -1 where one gave no label.
        unlabelled: rows without a label, or whose label is left open by an interval.
        left_out: rows of other splits.
    """

    asked: Asked
    records: list[Record]
    labels: NDArray[np.int64]
    clusters: NDArray[np.int64]
    annotators: list[str]
    annotations: NDArray[np.int64]
    unlabelled: int
    left_out: int
    rejects: RejectLog
    files: list[DataFile]

    def __len__(self) -> int:
        return len(self.records)


def read_rows(settings: StudySettings) -> Rows:
    """Read the data of a study.

    Raises:
        UsageError: a source cannot be read, or the question does not fit.
        GuardRankError: no row has a label.
    """
    found = settings.find_question()
    reading = _Reading(settings, found[1].rule if found else None)
    with_human = [record for record in reading.records() if record.human is not None]
    if not with_human:
        raise GuardRankError(f"no row has a label{reading.why_none()}: name the labels with --question or --label")
    asked = ask(*found, binary=settings.binary) if found else ask_as_it_stands(with_human, binary=settings.binary)
    kept = [(record, label) for record in with_human if (label := asked.label(record)) is not None]
    if not kept:
        raise GuardRankError("every label is an interval that is open to both sides: try --binary")
    records = [record for record, _ in kept]
    names, annotations = _annotations(asked, records)
    return Rows(
        asked=asked,
        records=records,
        labels=np.array([label for _, label in kept], dtype=np.int64),
        clusters=cluster_codes([cluster_of(record) for record in records]),
        annotators=names,
        annotations=annotations,
        unlabelled=reading.seen - len(records),
        left_out=reading.left_out,
        rejects=reading.rejects,
        files=reading.files,
    )


class _Reading:
    """Goes through the data once, counting."""

    def __init__(self, settings: StudySettings, rule: LabelRule | None) -> None:
        self.settings = settings
        self.rule = rule
        self.rejects = RejectLog(settings.output)
        self.files: list[DataFile] = []
        self.seen = 0
        self.left_out = 0

    def records(self) -> Iterator[Record]:
        for source in self.settings.data:
            yield from self._of(source)

    def _of(self, source: str) -> Iterator[Record]:
        rows, content = 0, hashlib.sha256()
        is_file = Path(source).is_file()
        for record in read_records(
            source,
            dim=self.settings.dimension,
            mapping=self.settings.mapping,
            rule=self.rule,
            rejects=self.rejects,
        ):
            rows += 1
            if not is_file:
                content.update(dump_line(record.model_dump(mode="json")))
            if self.settings.split not in (None, record.split):
                self.left_out += 1
                continue
            self.seen += 1
            yield record
        sha256 = hash_file(Path(source)) if is_file else content.hexdigest()
        name = Path(source).name if Path(source).exists() else source
        self.files.append(DataFile(name=name, sha256=sha256, rows=rows))

    def why_none(self) -> str:
        parts = [f"{self.seen:,} rows read"]
        if self.left_out:
            parts.append(f"{self.left_out:,} of another split than {self.settings.split}")
        if self.rejects.count:
            parts.append(self.rejects.summary())
        return f" ({', '.join(parts)})"


def _annotations(asked: Asked, records: list[Record]) -> tuple[list[str], NDArray[np.int64]]:
    """The annotators who labelled most, in order of appearance, and their labels."""
    if asked.question is not None:
        _warn_of_unread(asked.question, records)
    given = [asked.annotations(record) for record in records]
    counts = Counter(name for labels in given for name, label in labels.items() if label is not None)
    most = {name for name, _ in counts.most_common(MANY_ANNOTATORS)}
    if len(counts) > MANY_ANNOTATORS:
        warn(f"{len(counts):,} annotators: only the {MANY_ANNOTATORS} who labelled most are compared")
    names = [name for name in counts if name in most]
    table = np.full((len(records), len(names)), -1, dtype=np.int64)
    for i, labels in enumerate(given):
        for j, name in enumerate(names):
            label = labels.get(name)
            table[i, j] = -1 if label is None else label
    return names, table


def _warn_of_unread(question: Question, records: list[Record]) -> None:
    """Say which annotators' answers are not where or what the question says: a ceiling must not vanish unseen."""
    unread = Counter(name for record in records for name in question.unread(record))
    for name, path in question.annotators.items():
        if unread[name]:
            warn(f"{unread[name]:,} answers of annotator {name} ({path}) are no label that is asked for: left out")
        elif all(record.get_path(path) in (None, "") for record in records):
            warn(f"no row has an answer of annotator {name} in {path}")
