"""NAME.rows.jsonl, beside the judge folder NAME: rows from its training, for its exports.

    split "train"   some of the rows trained on: they calibrate an int8 export
    split "dev"     rows that training chose on: exports are compared with the judge on them

They stay outside the folder, since a judge may be published and its training rows may not (licences). Labels
stand in ``human`` as they were trained on, and the source in ``from_source``: so no reader, not even
``read_records``, applies the source's label rule a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from guardrank.annotations import cluster_of, load_sources
from guardrank.errors import GuardRankError
from guardrank.records import Record, dump_line, read_jsonl

_SOURCE = "from_source"
_LEFT_OUT = {"source", "split", "fold", "options", "annotations", "judges", "meta"}
"""No judge reads them, and some may hold anything; unknown fields are left out for the same reason."""


class KeptRows(NamedTuple):
    """Rows to calibrate with and rows to compare on; they share no cluster."""

    calibration: list[Record]
    gate: list[Record]


def kept_rows_file(judge_folder: Path) -> Path:
    """``judges/NAME`` -> ``judges/NAME.rows.jsonl``."""
    folder = judge_folder if judge_folder.name not in ("", "..") else judge_folder.resolve()
    return folder.with_name(f"{folder.name}.rows.jsonl")


def is_kept_rows(file: Path) -> bool:
    """Whether ``file`` is one that training wrote, or is empty: then it may be replaced."""
    if not file.is_file():
        return False
    first = next(read_jsonl(file), None)
    return first is None or _SOURCE in (first.fields or {})


def write_kept_rows(file: Path, calibration: Sequence[Record], gate: Sequence[Record]) -> None:
    """Write the rows, each with its split, whatever split they had before."""
    with file.open("wb") as stream:
        for split, record in chain((("train", row) for row in calibration), (("dev", row) for row in gate)):
            stream.write(dump_line(_fields(record) | {"split": split, _SOURCE: record.source} | _group(record)))


def _fields(record: Record) -> dict[str, Any]:
    return record.model_dump(exclude=_LEFT_OUT | set(record.model_extra or {}), exclude_none=True)


def _group(record: Record) -> dict[str, Any]:
    """The part of ``meta`` that says which cluster the record belongs to, for sources that look there."""
    source = load_sources().get(record.source or "")
    head, _, rest = source.group.partition(".") if source else ("", "", "")
    return {"meta": {rest: cluster_of(record)}} if head == "meta" else {}


def read_kept_rows(file: Path) -> KeptRows:
    """The rows of a judge's training; their labels are final and are not converted.

    Raises:
        GuardRankError: a line is damaged.
    """
    records = list(_records(file))
    return KeptRows(
        calibration=[record for record in records if record.split == "train"],
        gate=[record for record in records if record.split != "train"],
    )


def _records(file: Path) -> Iterator[Record]:
    for row in read_jsonl(file):
        fields = dict(row.fields or {})
        fields["source"] = fields.pop(_SOURCE, None)
        try:
            yield Record.model_validate(fields)
        except ValidationError:
            raise GuardRankError(
                f"{file} is damaged in line {row.line}: train the judge again, or give rows with --gate-data"
            ) from None
