"""``read_tasks``: every form that a benchmark comes in, as a TaskSet.

a folder of task folders      TASK/prompt.csv, TASK/imgs/
a file of rows                .jsonl, .csv, .tsv, .xlsx, .parquet; images beside it, or in --images
owner/name[@split]            a hub data set, its images kept in the cache
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from guardrank.annotations.reading import open_rows
from guardrank.annotations.tables import read_csv
from guardrank.benchmark.tasks.base import Reading, TaskSet
from guardrank.benchmark.tasks.encoding import encoding_of
from guardrank.benchmark.tasks.folder import read_task_folder
from guardrank.benchmark.tasks.hub import hub_folder, is_hub_id, read_hub_rows
from guardrank.benchmark.tasks.rows import OddRowError, row_case
from guardrank.errors import UsageError
from guardrank.records import RawRow, stem_of


def read_tasks(source: str, *, images: Path | None = None, mapping: Mapping[str, str] | None = None) -> TaskSet:
    """The cases of ``source``.

    Args:
        images: the folder that the rows' image paths are below; the file's own unless given.
        mapping: our field -> their column, for rows.

    Raises:
        UsageError: there is no such source.
    """
    path = Path(source)
    if path.is_dir():
        found = read_task_folder(path)
    elif path.is_file():
        found = _rows(source, stem_of(source), images or path.parent, _file_rows(path), mapping or {})
    elif is_hub_id(source):
        folder = images or hub_folder(source)
        task = source.partition("@")[0].rpartition("/")[2]
        found = _rows(source, task, folder, read_hub_rows(source, folder), mapping or {})
    else:
        raise UsageError(f"--tasks {source}: no such file or folder, and no hub id such as owner/name")
    return found


def _file_rows(path: Path) -> Iterator[RawRow]:
    if path.name.lower().removesuffix(".gz").endswith((".csv", ".tsv")) and not path.name.endswith(".gz"):
        return read_csv(path, encoding=encoding_of(path))
    return open_rows(str(path))


def _rows(source: str, task: str, images: Path, rows: Iterator[RawRow], mapping: Mapping[str, str]) -> TaskSet:
    reading = Reading()
    for row in rows:
        place = f"{row.file}:{row.line}"
        try:
            reading.add(place, row_case(task, row, mapping))
        except OddRowError as error:
            reading.problem(place, "odd_row", str(error))
    return reading.finish(source, images)
