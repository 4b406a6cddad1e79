"""Tables with a header line, as raw rows of column name -> cell; here CSV and TSV.

Columns are known by their names, wherever they stand; a column without a name is left out, and an empty cell
is None. A row that cannot be read becomes a RawRow with its problem, and the rows around it still arrive.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from guardrank.annotations.csv_lines import BadRowError, LineFeed
from guardrank.errors import UsageError
from guardrank.records import MAX_LINE_BYTES, RawRow, open_bytes


@dataclass(frozen=True)
class TableHeader:
    """The column names of ``file``; "" for a column that has none."""

    file: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, file: str, cells: Iterable[Any]) -> TableHeader:
        """The header in ``cells``; raises UsageError if no column has a name, or two have the same."""
        names = tuple(str(cell).strip() if _filled(cell) else "" for cell in cells)
        twice = [name for name, times in Counter(filter(None, names)).items() if times > 1]
        if twice:
            raise UsageError(f"{file}: several columns are called {', '.join(twice)}: rename all but one")
        if not any(names):
            raise UsageError(f"{file}: no header: its first line must name the columns (prompt,response,...)")
        return cls(file, names)

    def row(self, line: int, cells: Sequence[Any]) -> RawRow | None:
        """The row in ``cells``; None if all of them are empty, as at the foot of many spreadsheets."""
        if not any(map(_filled, cells)):
            return None
        width = len(self.names)
        if any(map(_filled, cells[width:])):
            return RawRow(self.file, line, problem=f"too many cells: {len(cells)} in {width} columns")
        named = zip_longest(self.names, cells[:width])
        return RawRow(self.file, line, {name: cell if _filled(cell) else None for name, cell in named if name})


def _filled(cell: object) -> bool:
    return cell is not None and cell != ""


def read_csv(path: Path, delimiter: str | None = None, encoding: str = "utf-8") -> Iterator[RawRow]:
    """Rows of a CSV file (TSV by its name, unpacked if it ends in ``.gz``), in constant memory.

    ``delimiter`` is for files whose name says something else than what they hold; ``encoding`` is one whose line
    breaks are single bytes, as in UTF-8 and GBK.

    ``line`` is the physical line where a row starts; cells may hold line breaks.

    Raises:
        UsageError: the header is missing, unreadable, or names two columns alike.
    """
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))  # LineFeed keeps the bound
    is_tsv = path.name.lower().removesuffix(".gz").endswith(".tsv")
    with open_bytes(path) as stream:
        rows = _csv_cells(LineFeed(stream, encoding), delimiter or ("\t" if is_tsv else ","))
        header = TableHeader.of(path.name, _header_cells(path.name, rows))
        for line, cells in rows:
            if isinstance(cells, str):
                yield RawRow(path.name, line, problem=cells)
            elif row := header.row(line, cells):
                yield row


def _header_cells(file: str, rows: Iterator[tuple[int, list[str] | str]]) -> list[str]:
    _, cells = next(rows, (1, []))
    if isinstance(cells, str):
        raise UsageError(f"{file}: its header cannot be read ({cells}): save the file as UTF-8 CSV")
    return cells


def _csv_cells(feed: LineFeed, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Every row that is not blank: its first line, and its cells or, as text, its problem."""
    reader = csv.reader(feed, delimiter=delimiter)
    while True:
        feed.start_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except BadRowError as error:
            feed.give_up_row()
            yield feed.first, str(error)
        except csv.Error as error:
            yield feed.first, f"not CSV: {str(error).partition(' - ')[0]}"
        except (EOFError, gzip.BadGzipFile, zlib.error):
            yield feed.first, "damaged gzip data: the rest of the file is lost"
            return
        else:
            if cells:
                yield feed.first, "invalid UTF-8" if feed.invalid else cells
