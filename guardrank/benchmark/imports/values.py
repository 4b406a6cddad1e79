"""Values as other harnesses write them, as values that a Case may hold: nothing in them is trusted.

    3 -> "3"                        a spreadsheet's number where a text is meant
    /root/LMUData/a.jpg -> a.jpg    what lay elsewhere is known by its name
    ../../imgs/a.jpg -> imgs/a.jpg  no path leads out of the folder

What is nested, over long or base64 is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PureWindowsPath
from typing import Any

from guardrank.records.record import MAX_TEXT_CHARS

_IMAGE = re.compile(r"[^\x00-\x1f]{1,400}\.(jpe?g|png|gif|webp|bmp|tiff?)", re.IGNORECASE)
_QUOTED = re.compile(r"'([^']{1,500})'|\"([^\"]{1,500})\"")
_MOST_IMAGES = 64
_LONGEST_NAME = 200
_LONGEST_CELL = 10_000
_INT64 = 2**63


class BadValueError(Exception):
    """A row cannot be used: ``kind`` is a slug, the text one sentence."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def text_of(value: Any) -> str | None:
    """A text; numbers become one; raises BadValueError for lists and objects."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    raise BadValueError("not_text", f"a text was expected, not a {type(value).__name__}")


def long_text(value: Any) -> str | None:
    """A text as ``text_of`` reads it; None for lists, objects and what is longer than any that is read."""
    text = None if isinstance(value, list | Mapping) else text_of(value)
    return text if text and len(text) <= MAX_TEXT_CHARS else None


def name_of(value: Any) -> str | None:
    """A short text such as a letter or a slug, without blanks around it; None for anything else."""
    text = (long_text(value) or "").strip()
    return text if 0 < len(text) <= _LONGEST_NAME else None


def clean_name(text: str) -> str:
    """A model's name on one line, whatever a file called it."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:_LONGEST_NAME] or "unnamed"


def file_name(value: Any) -> str | None:
    """The last part of a path in either kind of slashes."""
    name = name_of(PureWindowsPath(long_text(value) or "").name)
    return name if name and name != ".." and name.isprintable() else None


def image_paths(value: Any) -> tuple[str, ...]:
    """Paths of images, relative and going only down: of a name, a list, or a list written as text."""
    if isinstance(value, str) and value.startswith("[") and value.rstrip().endswith("]"):
        value = [single or double for single, double in _QUOTED.findall(value[:_LONGEST_CELL])]
    given = value[:_MOST_IMAGES] if isinstance(value, list | tuple) else [value]
    return tuple(path for one in given if (path := _image_path(one)))


def _image_path(value: Any) -> str | None:
    text = value.strip().replace("\\", "/") if isinstance(value, str) and len(value) <= _LONGEST_CELL else ""
    if not _IMAGE.fullmatch(text) or "://" in text:
        return None
    parts = [part for part in text.split("/") if part not in ("", ".", "..")]
    absolute = text.startswith("/") or bool(PureWindowsPath(text).drive)
    return parts[-1] if absolute else "/".join(parts)


def plain_cells(fields: Mapping[str, Any], without: Iterable[str] = ()) -> dict[str, Any]:
    """The short plain values among ``fields``, which may stand in a case's ``meta``."""
    left_out = set(without)
    cells = {str(name)[:_LONGEST_NAME]: _plain(cell) for name, cell in fields.items() if name not in left_out}
    return {name: cell for name, cell in cells.items() if cell not in (None, "")}


def _plain(value: Any) -> bool | int | float | str | None:
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return str(value)[:_LONGEST_NAME]
    if isinstance(value, bool | int | float):
        return value
    return value if isinstance(value, str) and len(value) <= _LONGEST_CELL else None
