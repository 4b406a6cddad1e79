"""``read_records`` over real files of every kind: good rows arrive, bad ones are counted and written down."""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import orjson
import pytest

from guardrank.annotations.reading import RejectedRowsWarning, read_records
from guardrank.errors import UsageError
from guardrank.records import RejectLog

GOOD = orjson.dumps({"response": "fine", "dimension": "bias"})
ROWS = [
    {"prompt": "one", "response": "No.\nNever.", "dimension": "bias", "human": "1"},
    {"prompt": "two", "response": "好的", "dimension": "privacy", "human": "3"},
]


def write_jsonl(path: Path) -> None:
    path.write_bytes(b"\n".join(map(orjson.dumps, ROWS)))


def write_csv(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, ROWS[0], delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writeheader()
        writer.writerows(ROWS)


def write_gzip(path: Path) -> None:
    write_jsonl(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def write_xlsx(path: Path) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    for cells in [list(ROWS[0]), *(list(row.values()) for row in ROWS)]:
        book.active.append(cells)
    book.save(path)


def write_parquet(path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pytest.importorskip("pyarrow").Table.from_pylist(ROWS), path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("rows.jsonl", write_jsonl),
        ("rows.ndjson", write_jsonl),
        ("rows.jsonl.gz", write_gzip),
        ("rows.csv", write_csv),
        ("rows.tsv", write_csv),
        ("rows.xlsx", write_xlsx),
        ("rows.parquet", write_parquet),
    ],
)
def test_every_format_gives_the_same_records(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / name)
    records = list(read_records(tmp_path / name))
    assert [(record.prompt, record.response, record.dimension, record.human) for record in records] == [
        ("one", "No.\nNever.", "bias", 1),
        ("two", "好的", "privacy", 3),
    ]
    assert all(record.id.startswith(f"{name}:") for record in records)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{not json", "not JSON"),
        (b'{"dimension": "bias"}', "no response"),
        (b'{"response": "", "dimension": "bias"}', "no response"),
        (b'{"response": "a", "dimension": "kindness"}', "unknown dimension"),
        (b'{"response": "a"}', "no dimension"),
        (b'{"response": "a", "dimension": "bias", "human": 7}', "label off the scale"),
        (b'{"response": "\xff", "dimension": "bias"}', "invalid UTF-8"),
        (b'{"response": "' + b"a" * 10_000_000 + b'", "dimension": "bias"}', "line over 8 MiB"),
        (b'{"response": "' + b"a" * 5_000_000 + b'", "dimension": "bias"}', "bad field"),
        (b'{"response": "\\udc00", "dimension": "bias"}', "not JSON"),
        (
            b'{"response": "a", "dimension": "bias", "meta": ' + b"[" * 900 + b"]" * 900 + b"}",
            "nested more than 64 levels deep",
        ),
        (b'{"response": "a", "dimension": "bias", "human": ' + b"[[" * 20 + b"]]" * 20 + b"}", "label off"),
    ],
)
def test_a_bad_row_is_counted_and_written_down(tmp_path: Path, bad: bytes, reason: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join([GOOD, bad, GOOD]))
    log = RejectLog(tmp_path)
    records = list(read_records(path, rejects=log))
    assert [record.id for record in records] == ["rows.jsonl:1", "rows.jsonl:3"]
    assert log.count == 1
    (written,) = (tmp_path / "rows.rejects.jsonl").read_bytes().splitlines()
    reject = orjson.loads(written)
    assert (reject["file"], reject["line"]) == ("rows.jsonl", 2)
    assert reject["reason"].startswith(reason)
    assert len(written) < 500


def test_a_truncated_gzip_is_one_reject(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    lines = [
        orjson.dumps({"id": number, "response": str(number**5), "dimension": "bias"}) for number in range(3000)
    ]
    path.write_bytes(gzip.compress(b"\n".join(lines))[:-2000])
    log = RejectLog(tmp_path)
    records = list(read_records(path, rejects=log))
    assert [record.id for record in records] == [str(number) for number in range(len(records))]
    assert len(records) > 1000
    assert log.reasons == {"damaged gzip data": 1}
    assert orjson.loads((tmp_path / "rows.rejects.jsonl").read_bytes())["line"] == len(records) + 1


def test_rejects_without_a_log_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(GOOD + b"\n{}\n")
    with pytest.warns(RejectedRowsWarning, match="1 row rejected"):
        assert len(list(read_records(path))) == 1


def test_dim_keeps_its_rows_and_fills_in_where_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"response": "a"}\n' + GOOD + b'\n{"response": "b", "dimension": "privacy"}\n')
    log = RejectLog()
    records = list(read_records(path, dim="Bias", rejects=log))
    assert [(record.response, record.dimension) for record in records] == [("a", "bias"), ("fine", "bias")]
    assert (log.count, log.left_out) == (0, 1)


def test_mapped_columns_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("question,output,score,judges.gpt-4.1\nWho?,No.,2,3\n")
    mapping = {"prompt": "question", "response": "output", "human": "score"}
    (record,) = read_records(path, dim="privacy", mapping=mapping)
    assert (record.prompt, record.response, record.human) == ("Who?", "No.", 2)
    assert record.get_path("judges.gpt-4.1") == "3"


def test_several_sources_and_standard_input_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_jsonl(tmp_path / "a.jsonl")
    write_csv(tmp_path / "b.csv")
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(GOOD)))
    ids = [record.id for record in read_records([tmp_path / "b.csv", "-", str(tmp_path / "a.jsonl")])]
    assert ids == ["b.csv:2", "b.csv:4", "stdin:1", "a.jsonl:1", "a.jsonl:2"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("absent.jsonl", "no such file"),
        ("folder/absent.csv", "no such file"),
        ("notes.txt", "cannot read .txt files, only .jsonl"),
        ("folder", "holds no DIMENSION_MODEL.jsonl results"),
    ],
)
def test_a_source_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError, match=message):
        list(read_records(source))


def test_reading_is_lazy(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes((GOOD + b"\n") * 3)
    rows: Any = read_records([path, path])
    assert next(rows).response == "fine"
    path.write_bytes(b"")  # the second time it is opened, it is empty
    assert len(list(rows)) == 2


def test_a_missing_source_is_told_before_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(GOOD + b"\n")
    with pytest.raises(UsageError, match="no such file"):
        read_records([path, tmp_path / "absent.jsonl"])
