"""The files of lmms-eval: which are logs, of which model, task and date, and their samples.

    lmms-lab__llava-7b/20250102_131415_samples_TASK.jsonl   date and task
    lmms-lab__llava-7b/20250102_131415_results.json         model
    llava/model_args_1a2b3c/0102_1314_suffix/TASK.json      older: the model in its "args", its date in the path

Where no file says the model, its folder does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardrank.benchmark.imports.folders import is_below
from guardrank.benchmark.imports.json_files import object_row, read_json, read_lines
from guardrank.benchmark.imports.values import long_text, name_of
from guardrank.records import RawRow

_SAMPLES = re.compile(r"(\d[\w.-]*?)_samples_(.+)\.jsonl")
_PEEK = 4096
_MODEL_ARGS = ("peft", "delta", "pretrained", "model", "model_version", "model_name", "model_id", "path", "engine")
"""What in the model's arguments names it, in the order in which lmms-eval itself looks."""


@dataclass(frozen=True)
class Log:
    """One task's samples of one model.

    Attributes:
        date: to compare; later ones are larger.
        logs: the samples of an older log, whose file was read to find the model.
    """

    path: Path
    model: str
    task: str
    date: str
    logs: tuple[Any, ...] | None = None

    def rows(self, path: Path) -> Iterator[RawRow]:
        """The samples in the file, which is ``path``; raises ValueError where it is damaged."""
        if self.logs is not None:
            yield from (object_row(path.name, number, log) for number, log in enumerate(self.logs, 1))
        elif path.suffix == ".jsonl":
            yield from read_lines(path)
        else:
            read_json(path)  # says what is wrong with it
            raise ValueError('it has no list "logs"')


def is_log(path: Path) -> bool:
    """Whether ``path`` is called, or begins, like a log."""
    if _SAMPLES.fullmatch(path.name):
        return True
    if path.suffix != ".json" or path.name.endswith("results.json") or not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            start = stream.read(_PEEK)
    except OSError:
        return False
    return re.match(rb'\s*\{\s*"(args|model_configs|logs)"\s*:', start) is not None


def open_log(path: Path, root: Path) -> Log:
    """What ``path`` is a log of; a damaged file says so when its rows are read."""
    if match := _SAMPLES.fullmatch(path.name):
        results = path.with_name(f"{match[1]}_results.json")
        return Log(path, _model_of(_object(results, root), path.parent), match[2], match[1])
    whole = _object(path, root)
    logs = whole.get("logs")
    date = name_of(whole.get("time")) or path.parent.name
    samples = tuple(logs) if isinstance(logs, list) else None
    return Log(path, _model_of(whole, path.parent), path.stem, date, samples)


def _model_of(whole: Mapping[str, Any], folder: Path) -> str:
    """By the name that the file says, by the arguments, by the kind of model, else by the folder."""
    stated = [whole, *(part for part in (whole.get("args"), whole.get("config")) if isinstance(part, dict))]
    names = [name_of(whole.get("model_name")), *(_by_args(long_text(part.get("model_args"))) for part in stated)]
    names += [name_of(part.get(key)) for part in stated for key in ("model_source", "model")]
    return next(filter(None, names), folder.name.replace("__", "/"))


def _by_args(text: str | None) -> str | None:
    args = dict(part.strip().partition("=")[::2] for part in (text or "").split(","))
    return next((args[key] for key in _MODEL_ARGS if args.get(key)), None)


def _object(path: Path, root: Path) -> Mapping[str, Any]:
    try:
        whole = read_json(path) if is_below(path, root) else None
    except (OSError, ValueError):
        return {}
    return whole if isinstance(whole, dict) else {}
