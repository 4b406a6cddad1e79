"""The rows to train on: the user's files, or the seed data that comes with the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from guardrank.annotations import LabelRule, load_sources, read_records
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.judge.base import hash_file
from guardrank.records import Record, RejectLog
from guardrank.train.processes import is_main_process
from guardrank.train.targets import decided_thresholds, lay_out_outputs


@dataclass
class TrainingData:
    """Records of the wanted dimensions, what they came from, and what was not used."""

    records: list[Record]
    rejects: RejectLog
    inputs: list[dict[str, Any]] = field(default_factory=list)


def seed_file(dimension: Dimension) -> Path:
    """The seed annotations of one dimension, written for this project (data/RUBRIC.md)."""
    return Path(str(files("guardrank.data"))) / "seed" / f"{dimension.value}.jsonl"


def load_data(
    sources: Sequence[str],
    dimensions: Sequence[Dimension],
    *,
    mapping: Mapping[str, str],
    rule: LabelRule | None,
    tasks: Path | None,
    rejects_to: Path,
) -> TrainingData:
    """Read ``sources``, or the seed data of ``dimensions`` where there are none.

    A single dimension fills rows that name none; without ``dimensions`` all rows are taken.
    """
    paths = list(sources) or [str(seed_file(dimension)) for dimension in dimensions]
    log = RejectLog(rejects_to if is_main_process() else None)
    only = dimensions[0] if len(dimensions) == 1 else None
    data = TrainingData([], log)
    for path in paths:
        rows = list(read_records(path, dim=only, mapping=mapping, rule=rule, tasks=tasks, rejects=log))
        kept = [record for record in rows if not dimensions or record.dimension in dimensions]
        log.left_out += len(rows) - len(kept)
        data.records += kept
        data.inputs.append(describe_input(path, len(kept)))
    return data


def describe_input(path: str, rows: int) -> dict[str, Any]:
    """Name, hash and rows used of one input, for the manifest; no paths of this machine."""
    file = Path(path)
    sha256 = hash_file(file) if file.is_file() else None
    return {"name": file.name if file.exists() else path, "sha256": sha256, "rows": rows}


def undecided_dimensions(records: Sequence[Record], dimensions: Sequence[Dimension]) -> list[Dimension]:
    """Dimensions whose labels tell some neighbouring scores never apart, such as binary labels on 0-3."""
    undecided = []
    for output in lay_out_outputs(dimensions, "ordinal", shared=False):
        labels = [r.human for r in records if r.dimension == output.dimension and r.human is not None]
        if labels and not decided_thresholds(output, labels).all():
            undecided.append(output.dimension)
    return undecided


def add_seed_rows(data: TrainingData, dimensions: Sequence[Dimension]) -> int:
    """Add the seed rows of ``dimensions`` and return how many they are."""
    before = len(data.records)
    for dimension in dimensions:
        rows = list(read_records(seed_file(dimension), dim=dimension, rejects=data.rejects))
        data.inputs.append(describe_input(str(seed_file(dimension)), len(rows)))
        data.records += rows
    return len(data.records) - before


def dimensions_in(records: Sequence[Record]) -> tuple[Dimension, ...]:
    """The dimensions that occur, in the table's order."""
    found = {record.dimension for record in records}
    return tuple(dimension for dimension in DIMENSIONS if dimension in found)


def keep_shipped(data: TrainingData) -> int:
    """Leave out rows of sources that a judge to give away may not learn from, or unknown; returns how many."""
    shipped = {name for name, source in load_sources().items() if source.shipped}
    kept = [row for row in data.records if row.source in shipped]
    left_out = len(data.records) - len(kept)
    data.records = kept
    return left_out
