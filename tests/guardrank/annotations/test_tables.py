"""CSV, TSV, XLSX and Parquet on real files: names, blanks, bounds, and rows that are damaged."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guardrank.annotations.parquet import read_parquet
from guardrank.annotations.tables import read_csv
from guardrank.annotations.workbooks import read_xlsx
from guardrank.errors import UsageError
from guardrank.records import RawRow

BIG = 9 * 1024 * 1024


def write(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def brief(rows: Iterator[RawRow]) -> list[tuple[int, object]]:
    """(line, problem) of bad rows and (line, values) of good ones."""
    return [(row.line, row.problem or list((row.fields or {}).values())) for row in rows]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("table.csv", "prompt,response\nhi,no\n"),
        ("table.csv", "\ufeffprompt,response\r\nhi,no\r\n"),
        ("table.csv", "\n prompt , response \nhi,no"),
        ("table.csv", '"prompt","response",\n"hi","no",\n,,\n'),
        ("table.csv", "response,prompt\nno,hi\n"),
        ("table.tsv", "prompt\tresponse\nhi\tno\n"),
        ("table.csv.gz", "prompt,response\nhi,no\n"),
        ("table.tsv.gz", "prompt\tresponse\nhi\tno\n"),
    ],
)
def test_columns_go_by_name_whatever_the_spelling(tmp_path: Path, name: str, content: str) -> None:
    (row,) = read_csv(write(tmp_path, content, name))
    assert row.fields == {"prompt": "hi", "response": "no"}
    assert row.file == name


def test_line_breaks_in_cells_and_physical_lines(tmp_path: Path) -> None:
    content = 'prompt,response\n"a\nb","say ""no""\r\n"\n\nc,d\n'
    assert brief(read_csv(write(tmp_path, content))) == [(2, ["a\nb", 'say "no"\r\n']), (6, ["c", "d"])]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (b"a,b,c", "too many cells: 3 in 2 columns"),
        (b"a,\xff\xfe", "invalid UTF-8"),
        (b"a," + b"x" * BIG, "row too long: over 8 MiB or 100,000 lines, is a closing quote missing?"),
        (
            b'a,"' + b"x" * BIG + b'"',
            "row too long: over 8 MiB or 100,000 lines, is a closing quote missing?",
        ),
        (b"a,b\rc", "not CSV: new-line character seen in unquoted field"),
    ],
)
def test_a_bad_row_is_a_problem_and_its_neighbours_arrive(tmp_path: Path, bad: bytes, problem: str) -> None:
    path = write(tmp_path, b"prompt,response\ngood,one\n" + bad + b"\ngood,two\n")
    assert brief(read_csv(path)) == [(2, ["good", "one"]), (3, problem), (4, ["good", "two"])]


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ("prompt,response\nonly\n", {"prompt": "only", "response": None}),
        ("prompt,response\n,no\n", {"prompt": None, "response": "no"}),
        (",prompt,response\n0,hi,no\n", {"prompt": "hi", "response": "no"}),
        ("prompt,response\nhi,no,,\n", {"prompt": "hi", "response": "no"}),
        ("prompt,response\nhi,a\0b\n", {"prompt": "hi", "response": "a\0b"}),
        ("prompt,response\nhi," + "x" * 500_000, {"prompt": "hi", "response": "x" * 500_000}),
        ('prompt,response\nhi,5" pipe\n', {"prompt": "hi", "response": '5" pipe'}),
    ],
)
def test_unusual_rows_that_are_fine(tmp_path: Path, content: str, fields: dict[str, str | None]) -> None:
    (row,) = read_csv(write(tmp_path, content))
    assert row.fields == fields


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no header"),
        (b"\n\n", "no header"),
        (b",,\na,b,c\n", "no header"),
        (b"prompt, prompt\na,b\n", "several columns are called prompt"),
        (b"\xff\xfep\0r\0", "cannot be read"),
        (b'"prompt,response\na,b\n', "never closes"),
    ],
)
def test_a_bad_header_is_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        list(read_csv(write(tmp_path, content)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [10, 200_000])
def test_a_quote_that_never_closes_costs_one_row(tmp_path: Path, size: int) -> None:
    """The 200,000 rows after it, 10 MiB, are beyond what the reader would let one row swallow."""
    rest = [f"good,{'x' * 50}{number}" for number in range(size)]
    path = write(tmp_path, "prompt,response\n" + 'bad,"open\n' + "\n".join(rest) + "\n")
    first, *others = read_csv(path)
    assert first.line == 2
    assert first.problem is not None
    assert len(others) == size
    assert (others[-1].line, others[-1].problem) == (size + 2, None)


def test_a_file_of_stray_quotes_ends_in_time(tmp_path: Path) -> None:
    path = write(tmp_path, "prompt,response\n" + 'a"b,"c\n' * 300_000)
    start = time.monotonic()
    assert any(row.problem for row in read_csv(path))
    assert time.monotonic() - start < 60


def test_a_truncated_gzip_csv_keeps_what_came_before(tmp_path: Path) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("prompt", "response"), *((str(n), str(n**7)) for n in range(4000))])
    path = write(tmp_path, out.getvalue(), "table.csv.gz")
    path.write_bytes(path.read_bytes()[:-3000])
    *good, last = read_csv(path)
    assert last.problem == "damaged gzip data: the rest of the file is lost"
    assert [row.fields for row in good] == [{"prompt": str(n), "response": str(n**7)} for n in range(len(good))]
    assert len(good) > 500


# XLSX


def workbook(folder: Path, rows: list[list[Any]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("second").append(["another", "sheet"])
    path = folder / "table.xlsx"
    book.save(path)
    return path


def test_xlsx_first_sheet_by_column_names(tmp_path: Path) -> None:
    day = datetime.datetime(2024, 6, 12)
    path = workbook(
        tmp_path,
        [
            [None],
            ["prompt", " response ", None, "human", "when"],
            ["hi", "两\n行", "unnamed", 2, day],
            [],
            ["x", "y", None, True, None],
        ],
    )
    assert brief(read_xlsx(path)) == [
        (3, ["hi", "两\n行", 2, "2024-06-12 00:00:00"]),
        (5, ["x", "y", True, None]),
    ]


def test_xlsx_formulas_are_never_computed_and_errors_are_empty(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["response", "human"], ["=1+1", "#DIV/0!"], ["kept", "=HYPERLINK(1)"]])
    assert brief(read_xlsx(path)) == [(3, ["kept", None])]


def test_xlsx_too_many_cells(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["prompt", "response"], ["a", "b", "c"], ["d", "e"]])
    assert brief(read_xlsx(path)) == [(2, "too many cells: 3 in 2 columns"), (3, ["d", "e"])]


@pytest.mark.parametrize(("rows", "message"), [([], "no header"), ([["a", "a"]], "several columns are called a")])
def test_xlsx_bad_header(tmp_path: Path, rows: list[list[Any]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        list(read_xlsx(workbook(tmp_path, rows)))


def test_xlsx_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["response"], ["a"]])
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/bomb.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(520):
            part.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(UsageError, match="unpacks to 520 MiB"):
        list(read_xlsx(path))


def rewritten(path: Path, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with another first sheet."""
    copy = path.with_name("copy.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name.endswith("sheet1.xml") else data)
    return copy


def test_xlsx_damaged_in_the_middle_keeps_what_came_before(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["response"], ["a"], ["b"]])
    damaged = rewritten(path, lambda sheet: sheet.replace(b'<row r="3"', b"<row r=<"))
    assert brief(read_xlsx(damaged)) == [(2, ["a"]), (3, "damaged sheet: the rest of the file is lost")]


def test_xlsx_row_with_an_absurd_number_ends_in_time(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["response"], ["a"], ["b"]])
    absurd = rewritten(path, lambda sheet: sheet.replace(b'r="3"', b'r="2000000000"'))
    assert brief(read_xlsx(absurd)) == [(2, ["a"])]


@pytest.mark.parametrize("read", [read_xlsx, read_parquet])
def test_a_file_of_another_kind_is_one_sentence(tmp_path: Path, read: Callable[[Path], Iterator[RawRow]]) -> None:
    pytest.importorskip("openpyxl")
    pytest.importorskip("pyarrow")
    with pytest.raises(UsageError, match="no readable"):
        list(read(write(tmp_path, "prompt,response\n")))


# Parquet


def parquet(folder: Path, table: Any, **options: Any) -> Path:
    pq = pytest.importorskip("pyarrow.parquet")
    path = folder / "table.parquet"
    pq.write_table(table, path, **options)
    return path


def test_parquet_rows_are_as_json_would_hold_them(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(
        {
            "response": ["a", "b"],
            "human": pa.array([1.0, float("nan")]),
            "annotations": [[0, None], None],
            "judges": [{"gpt-4": 1}, None],
            "image": [{"bytes": b"\x89PNG", "path": "a.png"}, None],
            "raw": [b"x", b"y"],
            "when": [datetime.date(2024, 6, 12), None],
        }
    )
    rows = list(read_parquet(parquet(tmp_path, table)))
    assert [row.line for row in rows] == [1, 2]
    assert rows[0].fields == {
        "response": "a",
        "human": 1.0,
        "annotations": [0, None],
        "judges": {"gpt-4": 1},
        "image": "a.png",
        "when": "2024-06-12",
    }
    assert set((rows[1].fields or {}).values()) == {"b", None}


def test_parquet_row_that_is_not_utf8(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    offsets = pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0")
    table = pa.table({"response": pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"a\xffb")])})
    assert brief(read_parquet(parquet(tmp_path, table))) == [(1, ["a"]), (2, "invalid UTF-8"), (3, ["b"])]


def test_parquet_damaged_in_the_middle_keeps_what_came_before(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"response": [f"{number:08d}" for number in range(2000)]})
    path = parquet(tmp_path, table, row_group_size=500, compression="snappy", use_dictionary=False)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle - 40 : middle + 40] = bytes(80)
    path.write_bytes(data)
    *good, last = read_parquet(path)
    assert last.problem == "damaged Parquet data: the rest of the file is lost"
    assert [row.fields for row in good] == [{"response": f"{number:08d}"} for number in range(len(good))]
    assert len(good) >= 500
