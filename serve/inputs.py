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
from guardrank.annotations.objects import StoredObject, is_uri
from guardrank.annotations.reading import stored_objects
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
    """Read every file of ``inputs`` (files, results folders, stored objects) once, in order, in constant memory."""
    seen = [_survey_file(file) for file in _files(inputs)]
    counts = [rows for _, rows in seen]
    known = [rows for rows in counts if rows is not None]
    return Survey(tuple(file for file, _ in seen), sum(known) if len(known) == len(counts) else None)


def _files(inputs: Sequence[str]) -> Iterator[Path | StoredObject]:
    for name in inputs:
        if is_uri(name):
            yield from stored_objects(name)
        else:
            yield from results_files(path) if (path := Path(name)).is_dir() else [path]


def _survey_file(file: Path | StoredObject) -> tuple[InputFile, int | None]:
    digest, size, line_feeds, last = hashlib.sha256(), 0, 0, b"\n"
    with _said_if_slow(f"Reading {file if isinstance(file, Path) else file.path}"):
        for block in _blocks(file) if isinstance(file, Path) else file.blocks():
            digest.update(block)
            size += len(block)
            line_feeds += block.count(b"\n")
            last = block[-1:]
    rows = line_feeds + (last != b"\n") if Path(file.name).suffix.lower() in _ONE_ROW_A_LINE else None
    return InputFile(name=file.name, bytes=size, sha256=digest.hexdigest()), rows


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            yield block


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
