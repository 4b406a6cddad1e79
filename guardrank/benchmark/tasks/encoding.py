"""How a sheet is encoded: UTF-8 with or without a mark, else GBK, as spreadsheets of Chinese systems save CSV."""

from __future__ import annotations

from pathlib import Path

from guardrank.errors import UsageError

MOST_BYTES = 64 * 1024 * 1024
"""A larger sheet is no sheet."""


def encoding_of(sheet: Path) -> str:
    """``utf-8`` or ``gb18030``, which holds GBK; of bytes that are neither, ``utf-8``: their rows are rejected.

    Raises:
        UsageError: the file is larger than any sheet.
    """
    if sheet.stat().st_size > MOST_BYTES:
        raise UsageError(f"{sheet} is larger than 64 MiB: that is no prompt sheet")
    content = sheet.read_bytes()
    return next((name for name in ("utf-8", "gb18030") if _holds(content, name)), "utf-8")


def _holds(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
