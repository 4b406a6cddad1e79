"""A row's columns, by any of their names, as a case.

    question, image_path, category, l2-category, A, B, answer  ->  Case

The dimension is what the row's own columns say, else what the task's name says, else what the task sheets know of
this prompt and image; a row of which nobody knows it cannot be used.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from guardrank.annotations.languages import parse_lang
from guardrank.annotations.task_sheets import TaskCase
from guardrank.benchmark.case import Case, case_id
from guardrank.benchmark.imports.kinds import Kind, kind_of, read_kind
from guardrank.benchmark.imports.sheets import Sheets
from guardrank.benchmark.imports.twins import Twins
from guardrank.benchmark.imports.values import BadValueError, image_paths, long_text, name_of, plain_cells, text_of
from guardrank.benchmark.tasks.rows import SPELLINGS, named_cells, read_options
from guardrank.dimensions import parse_subtask
from guardrank.metrics.matching import IS_SECOND
from guardrank.records.record import MAX_TEXT_CHARS

_KINDS: tuple[str, ...] = (
    *("dimension", "category i", "category", "l1 category"),
    *("subtask", "category ii", "l2 category", "subcategory", "sub category", "task", "type"),
)
_IMAGES = ("image path", "img path", "image name", "image file", "file name", "img url", "images", "image", "img")
_LETTERS = string.ascii_uppercase[:8]
_FIELDS = ("prompt", "lang", "attack", "options", "answer", "reference", "pair", "role")
_IN_A_CASE = frozenset(
    {*_LETTERS, *_IMAGES, "prediction", *(name for field in _FIELDS for name in SPELLINGS[field])}
)


class Columns:
    """Makes cases of the rows of one file, in their order.

    Args:
        task: what the cases' ``task`` is.
        sheets: what is known besides.
    """

    def __init__(self, task: str, sheets: Sheets) -> None:
        self.task, self.sheets = task, sheets
        self.twins = Twins()
        self._kind = read_kind(task)

    def case(
        self, fields: Mapping[str, Any], *, prompt: Any = None, images: tuple[str, ...] = (), stand_in: str = ""
    ) -> Case:
        """The case in ``fields``.

        Args:
            prompt: of a row that has no such column.
            images: shown where no column names one; they say nothing of pairs.
            stand_in: tells cases without any image apart.

        Raises:
            BadValueError: it lacks a prompt or a known dimension.
        """
        named = {_spelt(str(name)): value for name, value in fields.items()}
        cells = named_cells(named, {})
        asked = _prompt(cells.get("prompt"), prompt)
        paths = next(filter(None, (image_paths(named.get(name)) for name in _IMAGES)), ())
        kind = kind_of(named.get(name) for name in _KINDS) or self._kind
        known, task, paths = self._known(asked, paths, kind)
        kind = _joined(kind, known)
        shown = paths or images or ((stand_in,) if stand_in else ())
        ids = self.twins.fields(task, paths, asked, kind.subtask, known) if paths else {}
        return Case(
            **{"id": case_id(task, shown, asked)} | ids | _pair(cells),
            task=task,
            prompt=asked,
            images=paths or images,
            dimension=kind.dimension,
            subtask=kind.subtask,
            lang=parse_lang(name_of(cells.get("lang"))) or (known and known.lang),
            attack=parse_subtask(name_of(cells.get("attack")) or "") or (known and known.attack),
            options=_options(named, cells.get("options") or (known and known.options), asked),
            answer=name_of(cells.get("answer")) or (known and known.answer),
            reference=long_text(cells.get("reference")),
            meta=plain_cells({name: cell for name, cell in fields.items() if _spelt(str(name)) not in _IN_A_CASE}),
        )

    def _known(
        self, prompt: str, paths: tuple[str, ...], kind: Kind | None
    ) -> tuple[TaskCase | None, str, tuple[str, ...]]:
        """The sheets' case, and task and images under the names that the sheets know them by."""
        name = PurePosixPath(paths[0]).name if paths else ""
        if name and (known := self.sheets.of_image(prompt, name, kind)):
            return known, known.task, (f"{known.task}/imgs/{name}", *paths[1:])
        return self.sheets.of_prompt(prompt, kind), self.task, paths


def _prompt(own: Any, default: Any) -> str:
    text = (text_of(own) or (default if isinstance(default, str) else "")).strip()
    if not text:
        raise BadValueError("no_prompt", "the row has no prompt")
    if len(text) > MAX_TEXT_CHARS:
        raise BadValueError("too_long", f"the prompt has over {MAX_TEXT_CHARS:,} characters")
    return text


def _joined(kind: Kind | None, known: TaskCase | None) -> Kind:
    if known and (kind is None or kind.subtask is None):
        return Kind(known.dimension, known.subtask)
    if kind is None:
        raise BadValueError("no_dimension", "no column says a known dimension: give the task sheets with --tasks")
    return kind


def _options(named: Mapping[str, Any], given: Any, prompt: str) -> dict[str, str] | None:
    """From a column for each letter, else from one for all, else from the prompt."""
    lettered = {letter: long_text(named.get(letter)) or "" for letter in _LETTERS}
    options = {letter: text for letter, text in lettered.items() if text.strip()}
    return options if len(options) > 1 else read_options(given, prompt)


def _pair(cells: Mapping[str, Any]) -> dict[str, Any]:
    """What the row itself says of its pair."""
    pair, role = name_of(cells.get("pair")), name_of(cells.get("role"))
    known = {role for roles in IS_SECOND.values() for role in roles}
    return {"pair": pair, "role": role} if pair and role in known else {}


def _spelt(column: str) -> str:
    """``L2-Category`` -> ``l2 category``; an option's letter stays as it is."""
    name = " ".join(column.replace("-", " ").replace("_", " ").split())
    return name if name in _LETTERS else name.lower()
