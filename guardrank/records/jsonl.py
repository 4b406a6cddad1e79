"""JSON Lines in and out, plain or gzipped, in constant memory whatever the file holds."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from guardrank.records.rows import STDIN_NAME, RawRow

MAX_LINE_BYTES = 8 * 1024 * 1024
"""A longer line is rejected; it is passed over without being held in memory."""
MAX_DEPTH = 64
"""A line with objects and lists nested deeper is rejected: further on it would end in a RecursionError."""


def open_bytes(path: Path) -> BinaryIO:
    """``path`` for reading, unpacked where its name ends in ``.gz``."""
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def read_jsonl(source: Path | str) -> Iterator[RawRow]:
    """Rows of a JSON Lines file, ``-`` being standard input; blank lines are passed over."""
    if str(source) == "-":
        yield from _rows(sys.stdin.buffer, STDIN_NAME)
        return
    path = Path(source)
    with open_bytes(path) as stream:
        yield from _rows(stream, path.name)


def _rows(stream: BinaryIO, name: str) -> Iterator[RawRow]:
    number = 0
    try:
        while line := stream.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                _skip_line(stream, line)
                yield RawRow(name, number, problem=f"line over {MAX_LINE_BYTES >> 20} MiB")
            elif line.strip():
                yield _row(line, name, number)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        yield RawRow(name, number + 1, problem="damaged gzip data: the rest of the file is lost")


def _skip_line(stream: BinaryIO, part: bytes) -> None:
    while part and not part.endswith(b"\n"):
        part = stream.readline(MAX_LINE_BYTES)


def _row(line: bytes, name: str, number: int) -> RawRow:
    try:
        value = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        return RawRow(name, number, problem=_why_not_json(line, error))
    if not isinstance(value, dict):
        return RawRow(name, number, problem="not a JSON object")
    if line.count(b"[") + line.count(b"{") > MAX_DEPTH and _is_deep(value):
        return RawRow(name, number, problem=f"nested more than {MAX_DEPTH} levels deep")
    return RawRow(name, number, fields=value)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for parent in level if isinstance(parent, dict | list) for item in _items(parent)]
    return bool(level)


def _items(parent: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return parent.values() if isinstance(parent, dict) else parent


def _why_not_json(line: bytes, error: Exception) -> str:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return "invalid UTF-8"
    return f"not JSON: {error}"


def dump_line(row: Mapping[str, Any]) -> bytes:
    """One JSON line, ending in a line feed."""
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY)
