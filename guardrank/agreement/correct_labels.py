"""The labels of ``guardrank-agree correct``: which rows of the run people labelled, and with which chance.

    --labels ──of the run, labelled, drawn at random──> Sample: RunRow, label, weight
             ──all others──> left out, counted by reason

Rows that were chosen for what they would teach (``sampled: chosen``, as ``guardrank-agree queue`` writes) say
nothing of the run as a whole: nobody knows how much likelier than others they were to be picked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

from guardrank.agreement.correct_rows import Run, RunRow, name_prompt
from guardrank.annotations import bounds
from guardrank.errors import UsageError
from guardrank.metrics.cells import CellKey
from guardrank.records import Record

RANDOM = "random"
NOT_RANDOM = "not drawn at random"
NOT_IN_RUN = "not in the run"
NO_LABEL = "without a label"
BY_RULE = "of pair subtasks, which a rule scores"


@dataclass(frozen=True)
class LabelledRow:
    """A row of the run that people labelled ``low`` to ``high``: the same for an exact label.

    Attributes:
        weight: inverse inclusion probability, up to a common factor; 1 where all rows were as likely.
    """

    row: RunRow
    low: int
    high: int
    weight: float = 1.0


@dataclass(frozen=True)
class Sample:
    """The labels that a correction rests on, and how many others were left out for which reason."""

    rows: list[LabelledRow]
    left_out: Counter[str]


def read_labels(records: Iterable[Record], judged: Run) -> Sample:
    """The sample in ``records``, each with its row of ``judged``, whose prompt is named where it was not yet.

    Where any labelled record says how it was ``sampled``, only those count that say ``random``.

    Raises:
        UsageError: no label is left; a row is labelled twice; a weight is no number above 0, or only some rows
            have one.
    """
    left_out: Counter[str] = Counter()
    drawn = _drawn_at_random(list(_with_labels(records, left_out)), left_out)
    found = list(_with_rows(drawn, judged, left_out))
    weights = _weights([record for record, _ in found])
    rows = [
        LabelledRow(row, *bounds(record.human), weight)
        for (record, row), weight in zip(found, weights, strict=True)
        if record.human is not None
    ]
    if not rows:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items()) or "there is none"
        raise UsageError(
            f"no label can be used ({reasons}): --labels takes labelled records with the ids of the run"
        )
    return Sample(rows, left_out)


def _with_labels(records: Iterable[Record], left_out: Counter[str]) -> Iterator[Record]:
    for record in records:
        if CellKey(record.dimension, record.subtask, None, None).is_pair_task:
            left_out[BY_RULE] += 1
        elif record.human is None:
            left_out[NO_LABEL] += 1
        else:
            yield record


def _drawn_at_random(records: list[Record], left_out: Counter[str]) -> list[Record]:
    how = [record.get_path("sampled") for record in records]
    if not any(how):
        return records
    drawn = [record for record, said in zip(records, how, strict=True) if said == RANDOM]
    if len(drawn) < len(records):
        left_out[NOT_RANDOM] += len(records) - len(drawn)
    return drawn


def _with_rows(records: Iterable[Record], judged: Run, left_out: Counter[str]) -> Iterator[tuple[Record, RunRow]]:
    seen: set[int] = set()
    for record in records:
        row = judged.find(record)
        if row is None:
            left_out[NOT_IN_RUN] += 1
            continue
        if id(row) in seen:
            raise UsageError(f"the row {record.id!r} is labelled twice: put all its labels into one record")
        seen.add(id(row))
        if not row.named:
            name_prompt(row, record)
        yield record, row


def _weights(records: list[Record]) -> list[float]:
    given = [record.get_path("weight") for record in records]
    without = sum(raw in (None, "") for raw in given)
    if without == len(records):
        return [1.0] * len(records)
    if without:
        raise UsageError(
            f"{without:,} of {len(records):,} labelled rows have no weight: give all of them one, or none"
        )
    return [_weight(record, raw) for record, raw in zip(records, given, strict=True)]


def _weight(record: Record, raw: object) -> float:
    try:
        weight = float(str(raw))
    except ValueError:
        weight = 0.0
    if not (isfinite(weight) and weight > 0):
        raise UsageError(f"the row {record.id!r} has the weight {raw!r}: it must be a number above 0")
    return weight
