"""The work folder of a run: its settings and checkpoints, so that ``--resume`` goes on with the same run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from guardrank.errors import TrainingError, UsageError
from guardrank.judge.kept_rows import is_kept_rows, kept_rows_file
from guardrank.judge.manifest import MANIFEST_FILE
from guardrank.train.processes import is_main_process

SETTINGS_FILE = "settings.json"


def check_target(out: Path, *, cross_fit: bool) -> None:
    """Refuse to write over what is not ours: only a judge may be replaced by a judge.

    Raises:
        UsageError: ``out`` is another folder or file, or the place of the work folder or of the rows that are
            kept is taken.
    """
    if not is_main_process():
        return  # the first process speaks for all, and may have begun to write
    if not out.name:
        raise UsageError(f"-o {out}: name a folder for the judge, such as judges/mine")
    if cross_fit and out.is_dir():
        raise UsageError(f"{out} is a folder: with --cross-fit -o takes the file for the verdicts")
    if not cross_fit and out.exists() and not _is_replaceable(out, MANIFEST_FILE):
        raise UsageError(f"{out} exists and is no judge: give another place with -o")
    work = out.with_name(f"{out.name}.work")
    if work.exists() and not _is_replaceable(work, SETTINGS_FILE):
        raise UsageError(f"{work} exists and is not a training's: move it, or give another place with -o")
    rows = kept_rows_file(out)
    if not cross_fit and rows.exists() and not is_kept_rows(rows):
        raise UsageError(f"{rows} exists and is not a training's: move it, or give another place with -o")


def _is_replaceable(folder: Path, mark: str) -> bool:
    return folder.is_dir() and ((folder / mark).is_file() or not any(folder.iterdir()))


def open_work_folder(folder: Path, settings: Mapping[str, Any], *, resume: bool, fresh: bool) -> None:
    """Make ``folder`` ready: go on with the run in it (``resume``), or begin one.

    Raises:
        UsageError: an unfinished run is there and neither ``resume`` nor ``fresh`` was said.
        TrainingError: the unfinished run had other settings.
    """
    if not is_main_process():
        return
    file = folder / SETTINGS_FILE
    if file.is_file() and resume:
        _check_same(orjson.loads(file.read_bytes()), orjson.loads(orjson.dumps(settings)), folder)
        return
    if file.is_file() and not fresh and any(folder.glob("**/checkpoint-*")):
        raise UsageError(f"an unfinished training is in {folder}: --resume goes on with it, --fresh drops it")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file.write_bytes(orjson.dumps(settings, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def _check_same(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    if names:
        changes = "; ".join(f"{name} was {before.get(name)}, is {now.get(name)}" for name in names)
        raise TrainingError(f"the unfinished training in {folder} had other settings ({changes}): --fresh drops it")
