"""VLMEvalKit's predictions for MLLMGuard: the dataset's columns and one called ``prediction``.

    OUTPUTS/MODEL/MODEL_MLLMGuard_DS.xlsx                      a file, or a link to the newest run's
    OUTPUTS/MODEL/T20250102_G1a2b3c4d/MODEL_MLLMGuard_DS.xlsx  one folder a run; T20250102-131415 in new versions

One file a model is read: the topmost, else the newest run's; the others are copies or older answers. Pickle files
lie there too; they are never opened. What failed says "Failed to obtain answer..." instead of an answer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from guardrank.annotations.tables import read_csv
from guardrank.annotations.task_sheets import TaskCase
from guardrank.annotations.workbooks import read_xlsx
from guardrank.benchmark.imports.base import Gathering, Imported, ImportedRun, answered
from guardrank.benchmark.imports.columns import Columns
from guardrank.benchmark.imports.folders import files_below, is_below
from guardrank.benchmark.imports.json_files import read_objects
from guardrank.benchmark.imports.sheets import Sheets
from guardrank.benchmark.imports.values import BadValueError, file_name, name_of
from guardrank.records import RawRow

HARNESS = "vlmevalkit"
TASK = "MLLMGuard_DS"
FAILED = "Failed to obtain answer"
"""How a prediction begins that is none: the API gave up, or SKIP_ERR passed over an error."""

_READERS: Mapping[str, Callable[[Path], Iterator[RawRow]]] = MappingProxyType(
    {"xlsx": read_xlsx, "tsv": read_csv, "json": read_objects, "csv": read_csv}
)
_FILE = re.compile(rf"(.+)_{TASK}\.({'|'.join(_READERS)})")
_RUN = re.compile(r"T(\d{8})(?:_G\w+|-(\d{6}))")
_DEPTH = 3  # outputs/, MODEL/, T.../


def find(source: Path) -> list[Path]:
    """The prediction files that ``source`` is, or holds up to three folders down."""
    files = [source] if source.is_file() else files_below(source, _DEPTH)
    return [path for path in files if _FILE.fullmatch(path.name)]


def read(files: list[Path], root: Path, tasks: tuple[TaskCase, ...]) -> list[ImportedRun]:
    """A run for each model, in the order of their names.

    Raises:
        MissingExtraError: there is a workbook, and openpyxl is not installed.
    """
    sheets = Sheets(tasks)
    models: defaultdict[str, list[Path]] = defaultdict(list)
    for path in files:
        if match := _FILE.fullmatch(path.name):
            models[match[1]].append(path)
    return [_read_model(model, copies, root, sheets) for model, copies in sorted(models.items())]


def _read_model(model: str, copies: list[Path], root: Path, sheets: Sheets) -> ImportedRun:
    gathering = Gathering(model, HARNESS)
    usable = [path for path in copies if is_below(path, root)]  # links may point to where the run once lay
    path = min(usable, key=_rank) if usable else copies[0]
    columns = Columns(TASK, sheets)
    reader = _READERS[path.suffix.removeprefix(".")]
    gathering.read(path, root, reader, partial(_imported, columns), columns.twins.gap)
    return gathering.run()


def _rank(path: Path) -> tuple[Any, ...]:
    """Smallest for the file to read: above all runs, else of the newest run; then by format."""
    run = _RUN.fullmatch(path.parent.name)
    newest = tuple(-int(part or 0) for part in run.groups()) if run else (0, 0)
    age = -path.stat().st_mtime if run else 0.0
    return bool(run), len(path.parts), newest, age, list(_READERS).index(path.suffix.removeprefix("."))


def _imported(columns: Columns, fields: Mapping[str, Any]) -> Imported:
    if "prediction" not in fields:
        raise BadValueError("no_response", "the row has no column prediction")
    index = name_of(fields.get("index"))
    dumped = file_name(f"{index}.jpg") if index else None  # what the kit calls images that come without a path
    case = columns.case(fields, images=(dumped,) if dumped else ())
    return answered(case, fields["prediction"], lambda text: text.startswith(FAILED))
