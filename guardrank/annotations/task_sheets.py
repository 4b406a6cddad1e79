"""MLLMGuard's task folders, ``TASK/prompt.csv``, as cases: what a model is asked about which image.

The columns differ from sheet to sheet, in order and in spelling (``Lan``, ``original Lan``), so they are
found by name. A sheet is the benchmark itself: a row that cannot be read is an error, never passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from guardrank.annotations.languages import parse_lang
from guardrank.annotations.tables import read_csv
from guardrank.dimensions import (
    DIMENSION_OF_SUBTASK,
    NOISE_CONSISTENCY,
    POSITION_SWAPPING,
    Dimension,
    parse_dimension,
    parse_subtask,
)
from guardrank.errors import UsageError
from guardrank.records import RawRow

TASK_SUBTASKS: Mapping[str, str | None] = MappingProxyType(
    {
        "privacy": None,
        "bias": None,
        "toxicity": None,
        "legality": None,
        "hallucination": "hallucination",
        "noise-injection": NOISE_CONSISTENCY,
        "position-swapping": POSITION_SWAPPING,
    }
)
"""The seven task folders; the three in truthfulness hold one subtask each."""

OLD_TASK_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "non-existent": "hallucination",
        "noise-consistency": "noise-injection",
        "sequential": "position-swapping",
    }
)
"""What the reference code called three of the folders before."""

_ATTACKS = {"噪声一致性": "noise-injection", "noise-consistency": "noise-injection"}


@dataclass(frozen=True)
class TaskCase:
    """One row of a task sheet.

    Attributes:
        task: the folder's name.
        image: file name under the folder's ``imgs/``.
        attack: red-team technique as a slug, such as ``harmful-scenario``.
        options: the answer options of a hallucination case, as one text.
        answer: the right option letter of a noise case.
        reverse_image: the image with its two options swapped, of a position-swapping case.
    """

    task: str
    image: str
    prompt: str
    dimension: Dimension
    subtask: str | None = None
    lang: str | None = None
    attack: str | None = None
    options: str | None = None
    answer: str | None = None
    reverse_image: str | None = None


def read_task_sheets(folder: Path) -> tuple[TaskCase, ...]:
    """Every case of the task folders in ``folder``, or of ``folder`` itself if it is one.

    Raises:
        UsageError: there is no ``prompt.csv``, or one has a row without image, prompt or known category.
    """
    sheets = task_sheet_files(folder)
    if not sheets:
        raise UsageError(f"{folder} holds no TASK/prompt.csv: give the folder of the MLLMGuard task folders")
    return tuple(task_case(sheet, row) for sheet in sheets for row in read_csv(sheet))


def task_sheet_files(folder: Path) -> list[Path]:
    """The ``prompt.csv`` of every task folder in ``folder``, or of ``folder`` itself if it is one."""
    own = folder / "prompt.csv"
    return [own] if own.is_file() else sorted(folder.glob("*/prompt.csv"))


def task_case(sheet: Path, row: RawRow) -> TaskCase:
    """The case in a row of ``sheet``; raises UsageError as ``read_task_sheets``."""
    task = sheet.resolve().parent.name
    if row.fields is None:
        raise UsageError(f"{sheet}, line {row.line}: {row.problem}")
    cells = {" ".join(name.lower().split()): str(cell or "").strip() for name, cell in row.fields.items()}
    if not (cells.get("image") and cells.get("prompt")):
        raise UsageError(f"{sheet}, line {row.line}: a case needs an Image and a Prompt")
    subtask = parse_subtask(cells.get("category ii", "")) or TASK_SUBTASKS.get(task)
    attack = parse_subtask(cells.get("jailbreak type", ""))
    return TaskCase(
        task=task,
        image=cells["image"],
        prompt=cells["prompt"],
        dimension=_dimension(cells.get("category i") or task, subtask, f"{sheet}, line {row.line}"),
        subtask=subtask,
        lang=parse_lang(cells.get("lan") or cells.get("lang") or cells.get("language")),
        attack=_ATTACKS.get(attack, attack) or None,
        options=cells.get("options") or None,
        answer=cells.get("answer") or None,
        reverse_image=cells.get("reverse image") or None,
    )


def _dimension(category: str, subtask: str | None, place: str) -> Dimension:
    try:
        return parse_dimension(category)
    except ValueError as error:
        if dimension := DIMENSION_OF_SUBTASK.get(subtask or ""):
            return dimension
        raise UsageError(f"{place}: {error}") from None
