"""XLSX workbooks, read row by row; nothing in them is ever computed.

A workbook is a zip of XML files: how far it would unpack is checked before any of it is.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from guardrank.annotations.tables import TableHeader
from guardrank.errors import MissingExtraError, UsageError
from guardrank.records import RawRow

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
"""How far a workbook may unpack."""
_MAX_ROWS = 1_048_576  # of the format; a row may claim any number
_DAMAGE = (zipfile.BadZipFile, zlib.error, ParseError, EOFError, KeyError, IndexError, ValueError, TypeError)


def read_xlsx(path: Path) -> Iterator[RawRow]:
    """Rows of a workbook's first sheet; a formula counts as the value saved with it, an error as empty.

    ``line`` is the sheet's row number. Numbers and booleans stay what they are, dates become text.

    Raises:
        UsageError: no workbook, one that unpacks beyond MAX_UNPACKED_BYTES, or a bad header.
        MissingExtraError: openpyxl is not installed.
    """
    book = _open(path)
    try:
        if not book.worksheets:
            raise UsageError(f"{path}: the workbook has no sheet with cells")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a writer declares is often wrong
        yield from _rows(path.name, sheet.iter_rows(max_row=_MAX_ROWS))
    finally:
        book.close()


def _open(path: Path) -> Any:
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError("reading XLSX files", "data") from None
    try:
        _check_size(path)
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # styles, validation lists
            return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except _DAMAGE:
        raise UsageError(f"{path}: no readable XLSX workbook: save it again, or as CSV") from None


def _check_size(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > MAX_UNPACKED_BYTES:
        limit = MAX_UNPACKED_BYTES >> 20
        raise UsageError(f"{path}: unpacks to {size >> 20:,} MiB, over {limit} MiB: save it as CSV instead")


def _rows(file: str, sheet_rows: Iterator[tuple[Any, ...]]) -> Iterator[RawRow]:
    header: TableHeader | None = None
    line = 0
    try:
        for line, cells in enumerate(sheet_rows, 1):
            values = [_value(cell) for cell in cells]
            if header is None and any(values):
                header = TableHeader.of(file, values)
            elif header and (row := header.row(line, values)):
                yield row
    except _DAMAGE:
        yield RawRow(file, line + 1, problem="damaged sheet: the rest of the file is lost")
    if header is None:
        TableHeader.of(file, ())  # raises


def _value(cell: Any) -> str | bool | int | float | None:
    value = cell.value
    if value is None or cell.data_type == "e":
        return None
    if isinstance(value, str):
        return value.replace("_x000D_", "")  # how workbooks write the CR of a CR LF
    return value if isinstance(value, bool | int | float) else str(value)
