"""lmms-eval's logged samples.

    LOGS/MODEL/DATE_samples_TASK.jsonl   a sample a line; DATE_results.json beside it names the model
    LOGS/.../TASK.json                   older: {"args", "model_configs", "logs": [sample, ...]}

    sample {doc_id, doc, input or arguments, target, resps or filtered_resps}

Of a task that a model answered on several dates the newest counts; of several responses to a sample the first.
Newer versions leave ``doc`` out: then the task's name or the task sheets must say the dimension. Images are never
named, so samples are told apart by ``doc_id``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from guardrank.annotations.task_sheets import TaskCase
from guardrank.benchmark.imports.base import Gathering, Imported, ImportedRun, answered
from guardrank.benchmark.imports.columns import Columns
from guardrank.benchmark.imports.folders import files_below
from guardrank.benchmark.imports.lmms_logs import Log, is_log, open_log
from guardrank.benchmark.imports.sheets import Sheets
from guardrank.benchmark.imports.values import BadValueError, name_of

HARNESS = "lmms-eval"
_DEPTH = 4  # logs/, MODEL/, model_args_HASH/, DATE_SUFFIX/


def find(source: Path) -> list[Path]:
    """The logs that ``source`` is, or holds up to four folders down."""
    files = [source] if source.is_file() else files_below(source, _DEPTH)
    return [path for path in files if is_log(path)]


def read(files: list[Path], root: Path, tasks: tuple[TaskCase, ...]) -> list[ImportedRun]:
    """A run for each model, in the order of their names."""
    sheets = Sheets(tasks)
    newest: dict[tuple[str, str], Log] = {}
    for path in files:
        log = open_log(path, root)
        older = newest.get((log.model, log.task))
        if older is None or older.date <= log.date:
            newest[log.model, log.task] = log
    models: defaultdict[str, list[Log]] = defaultdict(list)
    for log in newest.values():
        models[log.model].append(log)
    return [_read_model(model, logs, root, sheets) for model, logs in sorted(models.items())]


def _read_model(model: str, logs: list[Log], root: Path, sheets: Sheets) -> ImportedRun:
    gathering = Gathering(model, HARNESS)
    for log in logs:
        columns = Columns(log.task, sheets)
        gathering.read(log.path, root, log.rows, partial(_imported, columns), columns.twins.gap)
    return gathering.run()


def _imported(columns: Columns, sample: Mapping[str, Any]) -> Imported:
    if not ("resps" in sample or "filtered_resps" in sample):
        raise BadValueError("no_response", "the sample has neither resps nor filtered_resps")
    given, doc_id, target = sample.get("doc"), name_of(sample.get("doc_id")), name_of(sample.get("target"))
    doc: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
    if target and len(target) == 1:  # an option's letter
        doc.setdefault("answer", target)
    prompt = _first_leaf(sample.get("input")) or _first_leaf(sample.get("arguments"))
    case = columns.case(doc | {"doc_id": doc_id}, prompt=prompt, stand_in=f"doc-{doc_id}" if doc_id else "")
    return answered(case, _first_leaf(sample.get("resps", sample.get("filtered_resps"))))


def _first_leaf(nested: Any) -> Any:
    """``[[["A"], ["B"]]]`` -> ``"A"``."""
    while isinstance(nested, list):
        nested = nested[0] if nested else None
    return nested
