"""Parquet files, batch by batch; the bytes of images and sounds are left where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain
from math import isnan
from pathlib import Path
from typing import Any

from guardrank.errors import MissingExtraError, UsageError
from guardrank.records import RawRow

_BATCH_ROWS = 64


def read_parquet(path: Path) -> Iterator[RawRow]:
    """Rows of a Parquet file; ``line`` counts them from 1, and an image column becomes the image's path.

    Raises:
        UsageError: no Parquet file.
        MissingExtraError: pyarrow, which datasets brings, is not installed.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise MissingExtraError("reading Parquet files", "data") from None
    line = 0
    try:
        with ParquetFile(path) as table:
            batches = table.iter_batches(_BATCH_ROWS, columns=_text_columns(table.schema_arrow))
            for line, row in enumerate(chain.from_iterable(map(_rows, batches)), 1):
                yield RawRow(path.name, line, row, problem=None if row else "invalid UTF-8")
    except (ArrowException, OSError):
        if line == 0:
            raise UsageError(f"{path}: no readable Parquet file: write it again, or as JSON Lines") from None
        yield RawRow(path.name, line + 1, problem="damaged Parquet data: the rest of the file is lost")


def _text_columns(schema: Any) -> list[str]:
    """Every column but bare bytes; of an image (its bytes and its path) the path alone."""
    from pyarrow import types

    return [
        f"{column.name}.path" if _is_media(column.type) else column.name
        for column in schema
        if not (types.is_binary(column.type) or types.is_large_binary(column.type))
    ]


def _is_media(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_struct(kind)) and {field.name for field in kind} == {"bytes", "path"}


def _rows(batch: Any) -> Iterator[dict[str, Any] | None]:
    """The batch's rows as JSON would hold them, None for one whose text is not UTF-8."""
    try:
        yield from map(plain, batch.to_pylist())
    except UnicodeDecodeError:
        yield from (_row_alone(batch.slice(number, 1)) for number in range(batch.num_rows))


def _row_alone(batch: Any) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = plain(batch.to_pylist()[0])
    except UnicodeDecodeError:
        return None
    return row


def plain(value: Any) -> Any:
    """``value`` as JSON would hold it: an image is its path, NaN and bytes are None, dates are text."""
    if isinstance(value, Mapping):
        if value and value.keys() <= {"bytes", "path"}:
            return value.get("path")
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float | Decimal):
        return None if isnan(value) else float(value)
    if value is None or isinstance(value, str | int):
        return value
    return None if isinstance(value, bytes) else str(value)
