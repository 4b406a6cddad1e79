"""The reference implementation's results, ``results/{dimension}_{model}.jsonl``, as our records' fields.

    {prompt, img_url, response, lan}  ->  prompt, image, response, lang, dimension, subtask, model, pair, role

Three tasks of truthfulness count as dimensions there. What a results row does not say (subtask, attack,
options, the right answer) comes from the task sheets, where they are given.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from guardrank.annotations.languages import parse_lang
from guardrank.annotations.pairing import Pairing, Place, clean_image
from guardrank.annotations.task_sheets import OLD_TASK_NAMES, TASK_SUBTASKS, TaskCase, read_task_sheets
from guardrank.dimensions import NOISE_CONSISTENCY, POSITION_SWAPPING, Dimension
from guardrank.records import RawRow, read_jsonl

INFERENCE_ERROR = "Error"
"""What the reference code writes as the response when inference failed."""

_TASKS = "|".join([*TASK_SUBTASKS, *OLD_TASK_NAMES])
_FILE_NAME = re.compile(rf"({_TASKS})_(.+?)(?<!\.verdicts)(?<!\.rejects)\.jsonl(\.gz)?")


def is_results_folder(path: Path) -> bool:
    """Whether the folder ``path`` holds ``DIMENSION_MODEL.jsonl`` files."""
    return bool(results_files(path))


def results_files(folder: Path) -> list[Path]:
    """The ``DIMENSION_MODEL.jsonl`` files in ``folder``, in the order in which they are read."""
    return sorted(file for file in folder.iterdir() if _FILE_NAME.fullmatch(file.name))


def read_results_folder(folder: Path, tasks: Path | None = None) -> Iterator[RawRow]:
    """Rows of every results file in ``folder``, by file name.

    An inference error ("Error" for a response) is a problem, not an answer.

    Args:
        folder: holds ``DIMENSION_MODEL.jsonl`` files; others are passed over.
        tasks: folder of the MLLMGuard task folders.

    Raises:
        UsageError: ``tasks`` holds no task sheets, or damaged ones.
    """
    cases = CaseIndex(read_task_sheets(tasks) if tasks else ())
    for path in results_files(folder):
        yield from read_results_file(path, cases)


def results_name(path: Path) -> tuple[str, str] | None:
    """Task and model of ``DIMENSION_MODEL.jsonl``, old task names made new; None for other files."""
    match = _FILE_NAME.fullmatch(path.name)
    return (OLD_TASK_NAMES.get(match[1], match[1]), match[2]) if match else None


def read_results_file(path: Path, cases: CaseIndex, *, keep_errors: bool = False) -> Iterator[RawRow]:
    """Rows of one results file; none where its name is no ``DIMENSION_MODEL.jsonl``.

    Args:
        cases: of the task sheets, as far as they are known.
        keep_errors: yield an inference error as a row whose response is INFERENCE_ERROR, not as a problem.
    """
    if name := results_name(path):
        yield from _ResultsFile(*name, cases, keep_errors).rows(path)


class CaseIndex:
    """Finds the case that a results row answers."""

    def __init__(self, cases: Iterable[TaskCase]) -> None:
        self._cases: defaultdict[tuple[str, str], list[TaskCase]] = defaultdict(list)
        for case in cases:
            for image in filter(None, (case.image, case.reverse_image)):
                self._cases[_kind(case), image].append(case)

    def find(self, kind: str, image: str, prompt: str) -> TaskCase | None:
        """The case of ``image`` whose prompt begins ``prompt`` (options may follow), else its only case.

        Args:
            kind: a dimension, or a subtask of truthfulness.
        """
        cases = self._cases.get((kind, image), [])
        asked = [case for case in cases if _squeezed(prompt).startswith(_squeezed(case.prompt))]
        if asked:
            return max(asked, key=lambda case: len(case.prompt))
        return cases[0] if len(cases) == 1 else None


def _kind(case: TaskCase) -> str:
    return case.subtask or "" if case.dimension is Dimension.TRUTHFULNESS else case.dimension.value


def _squeezed(text: str) -> str:
    return " ".join(text.split())


@dataclass
class _ResultsFile:
    task: str
    model: str
    cases: CaseIndex
    keep_errors: bool = False
    pairing: Pairing = field(init=False)

    def __post_init__(self) -> None:
        self.subtask = TASK_SUBTASKS[self.task]
        self.dimension = Dimension.TRUTHFULNESS.value if self.subtask else self.task
        self.pairing = Pairing(f"{self.task}:{self.model}")

    def rows(self, path: Path) -> Iterator[RawRow]:
        for row in read_jsonl(path):
            if row.fields is None:
                self.pairing.gap()
                yield row
            else:
                yield self._row(row, row.fields)

    def _row(self, row: RawRow, theirs: Mapping[str, Any]) -> RawRow:
        image, prompt = _file_name(theirs.get("img_url")), str(theirs.get("prompt") or "")
        case = self.cases.find(self.subtask or self.task, self._case_image(image), prompt)
        place = self._place(image, prompt, case)  # a failed row keeps its place: its twin must not get another
        if str(theirs.get("response")).strip() == INFERENCE_ERROR and not self.keep_errors:
            problem = f"inference error in the results: the response is {INFERENCE_ERROR!r}"
            return RawRow(row.file, row.line, problem=problem)
        kept = {name: value for name, value in theirs.items() if name not in ("img_url", "lan")}
        return RawRow(row.file, row.line, kept | self._fields(theirs, case) | (place._asdict() if place else {}))

    def _case_image(self, image: str) -> str:
        return clean_image(image) if self.subtask == NOISE_CONSISTENCY else image

    def _place(self, image: str, prompt: str, case: TaskCase | None) -> Place | None:
        if image and self.subtask == NOISE_CONSISTENCY:
            return self.pairing.noise(image, prompt)
        if image and self.subtask == POSITION_SWAPPING:
            return self.pairing.position(image, prompt, case)
        return None

    def _fields(self, theirs: Mapping[str, Any], case: TaskCase | None) -> dict[str, Any]:
        ours = {
            "dimension": self.dimension,
            "subtask": self.subtask or (case and case.subtask),
            "model": self.model,
            "image": _portable(theirs.get("img_url")),
            "lang": parse_lang(theirs.get("lan")) or (case and case.lang),
            "attack": case and case.attack,
            "options": case and case.options,
            "answer": case and case.answer,
        }
        return {name: value for name, value in ours.items() if value is not None}


def _file_name(image: object) -> str:
    return PureWindowsPath(str(image or "")).name  # takes both kinds of slash


def _portable(image: object) -> str | None:
    """``image`` as given if relative, else its file name: where it lay on one machine says nothing."""
    text = str(image or "")
    return (_file_name(text) if text.startswith("/") or PureWindowsPath(text).drive else text) or None
