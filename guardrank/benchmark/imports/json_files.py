"""JSON and JSON Lines as Python harnesses write them: within bounds, and with their NaN read as null.

{"answer": NaN}  ->  {"answer": None}       pandas writes so what a sheet leaves empty
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from guardrank.errors import UsageError
from guardrank.records import MAX_LINE_BYTES, RawRow

MAX_JSON_BYTES = 256 * 1024 * 1024
"""A larger JSON file is not read."""

_STRINGS_AND_NAN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\Z)|-?(?:NaN|Infinity)', re.DOTALL)


def read_json(path: Path) -> Any:
    """What the file holds; raises ValueError where it is too large or no JSON."""
    with path.open("rb") as stream:
        data = stream.read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        raise ValueError(f"larger than {MAX_JSON_BYTES >> 20} MiB")
    return _loads(data)


def read_objects(path: Path) -> Iterator[RawRow]:
    """The objects of a JSON file that is one list of them; ``line`` counts from 1.

    Raises:
        UsageError: it is no such list.
        ValueError: as ``read_json``.
    """
    rows = read_json(path)
    if not isinstance(rows, list):
        raise UsageError(f"{path} is no list of rows")
    for number, row in enumerate(rows, 1):
        yield object_row(path.name, number, row)


def read_lines(path: Path) -> Iterator[RawRow]:
    """Rows of a JSON Lines file; blank lines are passed over."""
    with path.open("rb") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES + 1), b""), 1):
            if len(line) > MAX_LINE_BYTES:
                _skip_line(stream, line)
                yield RawRow(path.name, number, problem=f"line over {MAX_LINE_BYTES >> 20} MiB")
            elif line.strip():
                yield _line_row(path.name, number, line)


def object_row(file: str, number: int, value: Any) -> RawRow:
    """A row of what JSON should be an object."""
    if not isinstance(value, dict):
        return RawRow(file, number, problem="not a JSON object")
    return RawRow(file, number, fields=value)


def _line_row(file: str, number: int, line: bytes) -> RawRow:
    try:
        return object_row(file, number, _loads(line))
    except ValueError as error:
        return RawRow(file, number, problem=str(error))


def _loads(data: bytes) -> Any:
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return orjson.loads(_STRINGS_AND_NAN.sub(_null, data))
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None


def _null(token: re.Match[bytes]) -> bytes:
    return token[0] if token[0].startswith(b'"') else b"null"


def _skip_line(stream: BinaryIO, part: bytes) -> None:
    while part and not part.endswith(b"\n"):
        part = stream.readline(MAX_LINE_BYTES)
