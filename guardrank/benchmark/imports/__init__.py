"""Imports: what other harnesses have already produced, as cases and responses.

results/{dimension}_{model}.jsonl                 the reference implementation
MODEL/MODEL_MLLMGuard_DS.xlsx (.tsv .json .csv)   VLMEvalKit
MODEL/DATE_samples_TASK.jsonl                     lmms-eval
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from guardrank.annotations.task_sheets import TaskCase, read_task_sheets
from guardrank.benchmark.imports import lmms_eval, reference, vlmevalkit
from guardrank.benchmark.imports.base import INFERENCE_ERROR, Imported, ImportedRun
from guardrank.errors import UsageError

_Find: TypeAlias = Callable[[Path], list[Path]]
_Read: TypeAlias = Callable[[list[Path], Path, tuple[TaskCase, ...]], list[ImportedRun]]

_HARNESSES: tuple[tuple[_Find, _Read], ...] = (
    (reference.find, reference.read),
    (vlmevalkit.find, vlmevalkit.read),
    (lmms_eval.find, lmms_eval.read),
)

__all__ = ["INFERENCE_ERROR", "Imported", "ImportedRun", "read_results"]


def read_results(source: Path, *, tasks: Path | None = None) -> list[ImportedRun]:
    """What the models said whose results ``source`` holds, a run for each; what it is shows by its files.

    Args:
        source: a folder or one file.
        tasks: folder of the MLLMGuard task folders, which say what the rows leave out.

    Raises:
        UsageError: it is none of the three, or ``tasks`` holds no task sheets, or damaged ones.
        MissingExtraError: openpyxl is needed and not installed.
    """
    root = source if source.is_dir() else source.resolve().parent
    for find, read in _HARNESSES:
        if files := find(source):
            return read(files, root, read_task_sheets(tasks) if tasks else ())
    raise UsageError(
        f"{source} holds no results that can be imported: neither the reference implementation's "
        "DIMENSION_MODEL.jsonl, nor VLMEvalKit's MODEL_MLLMGuard_DS.xlsx, nor lmms-eval's DATE_samples_TASK.jsonl"
    )
