"""What a killed run left behind: which of its lines stay, and whether they are its own.

Whole windows stay, and nothing of the one that the kill cut: so the judge sees the rest in the very batches of
an undisturbed run, and says the same of it to the last digit. Every line that stays is made again from its
record and the verdict that it holds, and must come out the same; that also gives the tables their figures back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from pydantic import ValidationError

from guardrank.errors import GuardRankError
from guardrank.records import Record, Verdict
from guardrank.serve.run_file import RunFile, read_run_file, run_file_of

Judged: TypeAlias = tuple[Record, Verdict]
AsLine: TypeAlias = Callable[[Record, Verdict], bytes]


class CannotResumeError(GuardRankError):
    """The verdict file is not one that this run left unfinished."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be resumed, {reason}: score again without --resume, or give another file with -o"
        )


class Kept(NamedTuple):
    """What stays of a verdict file: so many lines and bytes, and whether that is the whole of it."""

    rows: int = 0
    bytes: int = 0
    is_whole: bool = False


def find_kept(path: Path, stream: BinaryIO, run: RunFile, window: int) -> Kept:
    """What stays of the verdict file at ``path``, open as ``stream``.

    Raises:
        CannotResumeError: another run wrote it, or nobody knows which.
    """
    begun = read_run_file(run_file_of(path))
    if begun is None:
        raise CannotResumeError(path, f"as {run_file_of(path).name} is not beside it")
    if difference := begun.difference(run):
        raise CannotResumeError(path, difference)
    is_whole = begun.finished is not None and begun.finished.bytes == os.fstat(stream.fileno()).st_size
    return _whole_windows(stream, 1 if is_whole else window)._replace(is_whole=is_whole)


def _whole_windows(stream: BinaryIO, window: int) -> Kept:
    rows = size = 0
    kept = Kept()
    stream.seek(0)
    for line in stream:
        if not line.endswith(b"\n"):
            break
        rows, size = rows + 1, size + len(line)
        if rows % window == 0:
            kept = Kept(rows, size)
    return kept


def judged_before(
    path: Path, stream: BinaryIO, kept: Kept, records: Iterator[Record], as_line: AsLine
) -> Iterator[Judged]:
    """As many of ``records`` as there are kept lines, each with the verdict in its line.

    Raises:
        CannotResumeError: a line is not what the run wrote there.
    """
    if not kept.rows:  # a stream that cannot be read again, for one
        return
    stream.seek(0)
    rows = 0
    for line, record in zip(islice(stream, kept.rows), records, strict=False):
        verdict = _verdict_in(line)
        if verdict is None or verdict.id != record.id or as_line(record, verdict) != line:
            break
        yield record, verdict
        rows += 1
    if rows < kept.rows:
        raise CannotResumeError(path, f"as its line {rows + 1:,} is not what the run wrote there")


def _verdict_in(line: bytes) -> Verdict | None:
    try:
        return Verdict.model_validate_json(line)
    except ValidationError:
        return None
