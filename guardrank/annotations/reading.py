"""``read_records``: every format the project reads, as one stream of records.

    JSON Lines (.gz too), CSV, standard input        base install
    XLSX, Parquet, a hub data set                    [data]
    objects in a store, s3://bucket/folder/          [scale]
    a folder of MLLMGuard results                    base install
    an export of Label Studio (.json, one array)     base install

Bad rows never stop or skew the rest: they are counted and written down by the RejectLog.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

from guardrank.annotations.hub import read_hub
from guardrank.annotations.label_studio import read_json
from guardrank.annotations.labels import LabelRule
from guardrank.annotations.mllmguard import is_results_folder, read_results_folder
from guardrank.annotations.objects import StoredObject, find_objects, is_uri
from guardrank.annotations.parquet import read_parquet
from guardrank.annotations.parsing import RejectedRowError, RowParser
from guardrank.annotations.tables import read_csv
from guardrank.annotations.workbooks import read_xlsx
from guardrank.dimensions import Dimension, parse_dimension
from guardrank.errors import UsageError
from guardrank.records import RawRow, Record, RejectLog, read_jsonl

Source = str | PathLike[str]
_READERS: Mapping[str, Callable[[Path], Iterator[RawRow]]] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".xlsx": read_xlsx,
    ".parquet": read_parquet,
}
_HUB_ID = re.compile(r"^[\w-][\w.-]*/[\w-][\w.-]*(@[\w.-]+)?$")


class RejectedRowsWarning(UserWarning):
    """Rows were rejected while no reject log was there to hold them."""


def read_records(
    sources: Source | Sequence[Source],
    *,
    dim: Dimension | str | None = None,
    mapping: Mapping[str, str] | None = None,
    rule: LabelRule | None = None,
    tasks: Path | None = None,
    rejects: RejectLog | None = None,
) -> Iterator[Record]:
    """Stream the records of one source or several, in order.

    Args:
        sources: files, ``-`` for standard input, a results folder, a hub id ``owner/name[@split]``, or the URI of
            an object or a folder of objects.
        dim: keep this dimension's rows, and fill it in where a row names none.
        mapping: our field -> their column.
        rule: how labels become ours; by default what ``data/sources.yaml`` says for the row's source.
        tasks: folder of MLLMGuard task sheets that give a results folder its answers and subtasks.
        rejects: takes the bad rows; without it they are counted in a RejectedRowsWarning.

    Raises:
        UsageError: a source does not exist or has an unknown format.
    """
    wanted = parse_dimension(dim) if isinstance(dim, str) else dim
    parser = RowParser(wanted, mapping or {}, rule)
    opened = [
        open_rows(source, tasks) for source in ([sources] if isinstance(sources, str | PathLike) else sources)
    ]
    return _records(opened, parser, wanted, rejects)


def _records(
    opened: Sequence[Iterator[RawRow]], parser: RowParser, wanted: Dimension | None, rejects: RejectLog | None
) -> Iterator[Record]:
    log = rejects if rejects is not None else RejectLog()
    for rows in opened:
        for row in rows:
            try:
                record = parser.parse(row)
            except RejectedRowError as error:
                log.add(row.file, row.line, str(error))
                continue
            if wanted in (None, record.dimension):
                yield record
            else:
                log.left_out += 1
    if rejects is None and log.count:
        warnings.warn(log.summary(), RejectedRowsWarning, stacklevel=2)


def open_rows(source: Source, tasks: Path | None = None) -> Iterator[RawRow]:
    """The raw rows of ``source`` by the reader that its kind calls for; raises UsageError."""
    text, path = str(source), Path(source)
    if text == "-":
        return read_jsonl("-")
    if is_uri(text):
        return _read_objects(stored_objects(text))
    if path.is_dir():
        if is_results_folder(path):
            return read_results_folder(path, tasks)
        raise UsageError(f"{text} holds no DIMENSION_MODEL.jsonl results: name the files to read instead")
    if path.is_file():
        return _reader_of(text)(path)
    if _HUB_ID.match(text) and _kind(text) not in _READERS:
        return read_hub(text)
    raise UsageError(f"{text}: no such file")


def stored_objects(uri: str) -> list[StoredObject]:
    """What ``uri`` names of the kinds that are read here, in the order in which it is read; raises UsageError."""
    objects = find_objects(uri, lambda path: _kind(path) in _READERS)
    for stored in objects:
        _reader_of(stored.name)
    return objects


def _read_objects(objects: Sequence[StoredObject]) -> Iterator[RawRow]:
    for stored in objects:
        with stored.copied() as copy:
            yield from _reader_of(stored.name)(copy)


def _reader_of(name: str) -> Callable[[Path], Iterator[RawRow]]:
    if (kind := _kind(name)) not in _READERS:
        raise UsageError(f"{name}: cannot read {kind or 'this'} files, only {', '.join(_READERS)}")
    return _READERS[kind]


def _kind(name: str) -> str:
    return Path(name.removesuffix(".gz")).suffix.lower()
