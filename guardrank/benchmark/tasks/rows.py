"""Cases from rows with columns: JSON Lines, CSV, a hub data set; columns by name, in any of their spellings.

{"image": "a.png", "prompt": "...", "dimension": "privacy"}  ->  Case
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from guardrank.annotations.languages import parse_lang
from guardrank.benchmark.case import Case, case_id
from guardrank.benchmark.image_urls import is_url
from guardrank.dimensions import DIMENSION_OF_SUBTASK, parse_dimension, parse_subtask
from guardrank.metrics import parse_options
from guardrank.records import RawRow

SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": ("id", "index", "question id", "case id"),
        "prompt": ("prompt", "question", "query", "instruction", "request", "text"),
        "images": ("images", "image", "image path", "img", "imgs", "img url", "image file", "file name"),
        "dimension": ("dimension", "category i", "category", "dim"),
        "subtask": ("subtask", "category ii", "l2 category", "sub category", "subcategory"),
        "lang": ("lang", "lan", "language"),
        "attack": ("attack", "jailbreak type", "jailbreak"),
        "options": ("options", "choices"),
        "answer": ("answer", "gold", "label"),
        "reference": ("reference", "image description", "description"),
        "pair": ("pair", "pair id"),
        "role": ("role",),
        "source": ("source",),
    }
)
"""Our field -> what others call it, in lower case, the likeliest first."""


class OddRowError(Exception):
    """The row is no case; the text says why."""


def row_case(task: str, row: RawRow, mapping: Mapping[str, str]) -> Case:
    """The case in ``row``; ``mapping`` is ours -> theirs, before any spelling.

    Raises:
        OddRowError: it lacks a prompt or a known dimension, or a field does not fit.
    """
    if row.fields is None:
        raise OddRowError(row.problem or "empty row")
    cells = named_cells(row.fields, mapping)
    prompt = str(cells.get("prompt") or "").strip()
    if not prompt:
        raise OddRowError("has no prompt")
    subtask = parse_subtask(str(cells.get("subtask") or "")) or None
    images = tuple(_images(cells.get("images")))
    fields = {
        "id": str(cells.get("id") or "") or case_id(task, images, prompt),
        "task": task,
        "prompt": prompt,
        "images": images,
        "dimension": _dimension(cells.get("dimension"), subtask),
        "subtask": subtask,
        "lang": parse_lang(cells.get("lang")),
        "attack": parse_subtask(str(cells.get("attack") or "")) or None,
        "options": read_options(cells.get("options"), prompt),
        **{name: str(cells[name]) for name in ("answer", "reference", "pair", "role", "source") if cells.get(name)},
    }
    try:
        return Case.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise OddRowError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def named_cells(fields: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The cells by our names; of several spellings in one row the likeliest that is filled counts."""
    squeezed = {" ".join(str(name).lower().replace("_", " ").split()): cell for name, cell in fields.items()}
    found: dict[str, Any] = {}
    for ours, spellings in SPELLINGS.items():
        theirs = (fields.get(mapping[ours]),) if ours in mapping else (squeezed.get(name) for name in spellings)
        found[ours] = next((cell for cell in theirs if cell not in (None, "", [])), None)
    return found


def read_options(cell: Any, prompt: str) -> dict[str, str] | None:
    """The options in a cell (an object, a list, or a text such as ``A. red B. blue``), else those in the prompt."""
    if isinstance(cell, Mapping):
        return {str(letter): str(text) for letter, text in cell.items()} or None
    if isinstance(cell, list | tuple):
        return {chr(ord("A") + i): str(text) for i, text in enumerate(cell[:26])} or None
    return parse_options(str(cell or prompt))


def _images(cell: Any) -> Iterator[str]:
    for name in cell if isinstance(cell, list | tuple) else [cell]:
        if isinstance(name, Mapping):  # a hub's image that was not decoded
            name = name.get("path")
        if name not in (None, ""):
            yield str(name) if is_url(str(name)) else PurePosixPath(str(name)).as_posix()


def _dimension(name: Any, subtask: str | None) -> str:
    try:
        return parse_dimension(str(name or "")).value
    except ValueError:
        known = DIMENSION_OF_SUBTASK.get(subtask or "") or DIMENSION_OF_SUBTASK.get(parse_subtask(str(name or "")))
    if known is None:
        raise OddRowError(f"is of no known dimension: {str(name or '(none)')[:60]!r}")
    return known.value
