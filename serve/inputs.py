"""The input files of a run, read through once: their fingerprints, and how many rows lie ahead."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from guardrank.annotations.mllmguard import results_files
from guardrank.console import say

_BLOCK = 1 << 20
_ONE_ROW_A_LINE = frozenset({".jsonl", ".ndjson", ".json"})
_SLOW_SECONDS = 1.0


class InputFile(BaseModel):
    """Enough to tell whether a file is still the same; its name is part of it, as ids are made from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    bytes: int
    sha256: str


class Survey(NamedTuple):
    """The input files, and their rows; None where only reading them again would tell (CSV, gzip...)."""

    files: tuple[InputFile, ...]
    rows: int | None


def survey(inputs: Sequence[str]) -> Survey:
    """Read every file of ``inputs`` (files and results folders) once, in order and in constant memory."""
    seen = [_survey_file(path) for path in _files(inputs)]
    counts = [rows for _, rows in seen]
    known = [rows for rows in counts if rows is not None]
    return Survey(tuple(file for file, _ in seen), sum(known) if len(known) == len(counts) else None)


def _files(inputs: Sequence[str]) -> Iterator[Path]:
    for path in map(Path, inputs):
        yield from results_files(path) if path.is_dir() else [path]


def _survey_file(path: Path) -> tuple[InputFile, int | None]:
    digest, size, line_feeds, last = hashlib.sha256(), 0, 0, b"\n"
    with path.open("rb", buffering=0) as stream, _said_if_slow(f"Reading {path}"):
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
            line_feeds += block.count(b"\n")
            last = block[-1:]
    rows = line_feeds + (last != b"\n") if path.suffix.lower() in _ONE_ROW_A_LINE else None
    return InputFile(name=path.name, bytes=size, sha256=digest.hexdigest()), rows


@contextmanager
def _said_if_slow(text: str) -> Iterator[None]:
    timer = Timer(_SLOW_SECONDS, say, [text])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # so that it says nothing later
