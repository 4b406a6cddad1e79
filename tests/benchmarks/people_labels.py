"""Labels that people gave: the measured rows of a file, and the yes-or-no question asked of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from guardrank.annotations import bounds, load_sources, read_records
from guardrank.errors import UsageError
from guardrank.records import Record, RejectLog, stem_of


@dataclass(frozen=True)
class DataFile:
    """What one file holds: the measured rows, and those that the floor may learn from."""

    name: str
    measured: list[Record]
    train: list[Record]
    dev: list[Record]


def read_data(path: str, split: str) -> DataFile:
    """The file's labelled rows by split; labels that no person gave are left out."""
    log = RejectLog()
    rows = [row for row in read_records(path, rejects=log) if row.human is not None and by_people(row)]
    if log.count:
        print(f"{path}: {log.summary()}", file=sys.stderr)
    by_split = {name: [row for row in rows if row.split == name] for name in ("train", "dev", "test")}
    if not by_split[split]:
        raise UsageError(f"{path}: no rows with split {split!r} and a label that a person gave")
    return DataFile(stem_of(path), by_split[split], by_split["train"], by_split["dev"])


def by_people(record: Record) -> bool:
    """Whether the source's labels are people's, not those of a recorded judge (halluqa_zh_llmonly)."""
    source = load_sources().get(record.source or "")
    return source is None or not source.label.field.startswith("judges.")


def is_positive(record: Record) -> bool | None:
    """Whether the label is above 0; None where it may be either."""
    low, high = bounds(record.human if record.human is not None else (0, 1))
    return None if low == 0 < high else low > 0
