"""The texts that throughput.py scores: a fixed-seed random sample of real responses at their natural lengths.

Every row of ../shared/data is as likely as any other, so a file has its share; where that folder is missing,
the rows are the seed data's. The rows are in random order: the first n are a random sample themselves.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from measurement import ROOT, SHARED_DATA

from guardrank.annotations import read_records
from guardrank.dimensions import render
from guardrank.records import Record, RejectLog

TEMPLATE = "guardrank"
MAX_TOKENS = 256


class Row(NamedTuple):
    """One response: the record, which our encoder takes, and its rendered text, which all others take."""

    record: Record
    text: str


def data_files() -> list[Path]:
    """The real annotated responses where they are, else the seed data."""
    shared = sorted(SHARED_DATA.glob("*.jsonl.gz"))
    return shared or sorted((ROOT / "data" / "seed").glob("*.jsonl"))


def all_rows() -> Iterator[Row]:
    """Every row of the data, in the files' order."""
    return map(as_row, read_records(data_files(), rejects=RejectLog()))


def as_row(record: Record) -> Row:
    """The record with its rendered text."""
    return Row(record, render(TEMPLATE, record.template_fields()).text)


def sample_rows(count: int, seed: int) -> list[Row]:
    """``count`` rows in random order, or all if there are fewer."""
    rows = list(all_rows())
    return random.Random(seed).sample(rows, min(count, len(rows)))


def half_of(count: int) -> list[int]:
    """A random half of ``count`` rows in random order, always the same: other batch mates for each of them."""
    return random.Random(0).sample(range(count), (count + 1) // 2)


def write_rows(file: Path, rows: Sequence[Row]) -> None:
    """Write the records as JSON Lines."""
    file.write_text("".join(f"{row.record.model_dump_json()}\n" for row in rows), encoding="utf-8")


def read_rows(file: Path) -> list[Row]:
    """What ``write_rows`` wrote."""
    lines = file.read_text(encoding="utf-8").split("\n")
    return [as_row(Record.model_validate_json(line)) for line in lines if line]
