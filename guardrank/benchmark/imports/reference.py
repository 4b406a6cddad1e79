"""The reference implementation's results folder, ``results/{dimension}_{model}.jsonl``.

    {prompt, img_url, response, lan}  ->  Imported(case, response), "Error" -> Imported(case, None, inference_error)

``annotations.mllmguard`` reads the rows; here an inference error keeps its case, so that it counts as failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from guardrank.annotations.mllmguard import (
    INFERENCE_ERROR,
    CaseIndex,
    read_results_file,
    results_files,
    results_name,
)
from guardrank.annotations.pairing import clean_image
from guardrank.annotations.task_sheets import TaskCase
from guardrank.benchmark.case import Case
from guardrank.benchmark.imports.base import Gathering, Imported, ImportedRun, answered
from guardrank.benchmark.imports.twins import Twins
from guardrank.benchmark.imports.values import BadValueError, file_name, name_of, plain_cells, text_of
from guardrank.benchmark.tasks.rows import read_options
from guardrank.dimensions import NOISE_CONSISTENCY, parse_subtask
from guardrank.records import RawRow

HARNESS = "mllmguard"

_IN_A_CASE = frozenset(
    ["prompt", "response", "image", "dimension", "subtask", "model", "lang", "attack", "options", "answer", "pair"]
) | {"role"}


def find(source: Path) -> list[Path]:
    """The results files that ``source`` is, or holds, or holds in ``results/``."""
    if source.is_file():
        return [source] if results_name(source) else []
    folders = [folder for folder in (source, source / "results") if folder.is_dir()]
    return next(filter(None, map(results_files, folders)), [])


def read(files: list[Path], root: Path, tasks: tuple[TaskCase, ...]) -> list[ImportedRun]:
    """A run for each model that has a file, in the order of their names."""
    cases = CaseIndex(tasks)
    models: dict[str, Gathering] = {}
    for path in files:
        task, model = results_name(path) or ("", path.stem)
        gathering = models.setdefault(model, Gathering(model, HARNESS))
        reader = _ResultsReader(task, cases)
        gathering.read(path, root, reader.rows, reader.imported, reader.twins.gap)
    return [gathering.run() for _, gathering in sorted(models.items())]


class _ResultsReader:
    def __init__(self, task: str, cases: CaseIndex) -> None:
        self.task, self.cases, self.twins = task, cases, Twins()

    def rows(self, path: Path) -> Iterator[RawRow]:
        return read_results_file(path, self.cases, keep_errors=True)

    def imported(self, fields: Mapping[str, Any]) -> Imported:
        case = self._case(fields)
        if "response" not in fields:
            raise BadValueError("no_response", "the row has no response")
        return answered(case, fields["response"], lambda text: text == INFERENCE_ERROR)

    def _case(self, fields: Mapping[str, Any]) -> Case:
        prompt = (text_of(fields.get("prompt")) or "").strip()
        if not prompt:
            raise BadValueError("no_prompt", "the row has no prompt")
        image = file_name(fields.get("image"))
        subtask = parse_subtask(name_of(fields.get("subtask")) or "") or None
        known = self._known(image, prompt, subtask)
        task = known.task if known else self.task
        images = (f"{task}/imgs/{image}",) if image else ()
        return Case(
            **self.twins.fields(task, images, prompt, subtask, known),
            task=task,
            prompt=prompt,
            images=images,
            dimension=fields["dimension"],
            subtask=subtask,
            lang=name_of(fields.get("lang")),
            attack=parse_subtask(name_of(fields.get("attack")) or "") or None,
            options=read_options(fields.get("options"), prompt),
            answer=name_of(fields.get("answer")),
            meta=plain_cells(fields, without=_IN_A_CASE),
        )

    def _known(self, image: str | None, prompt: str, subtask: str | None) -> TaskCase | None:
        if image is None:
            return None
        asked_of = clean_image(image) if subtask == NOISE_CONSISTENCY else image
        return self.cases.find(subtask or self.task, asked_of, prompt)
