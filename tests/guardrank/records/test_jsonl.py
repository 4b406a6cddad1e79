"""JSON Lines: what arrives, what is rejected, and that neither depends on the lines around it."""

from __future__ import annotations

import gzip
import io
import sys
import tracemalloc
from pathlib import Path

import orjson
import pytest

from guardrank.records import MAX_LINE_BYTES, RawRow, RejectLog, dump_line, read_jsonl, stem_of

GOOD = b'{"response": "fine"}'


def write(folder: Path, *lines: bytes, name: str = "rows.jsonl") -> Path:
    path = folder / name
    data = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (b"{not json", "not JSON"),
        (b'{"response": "cut off', "not JSON"),
        (b'{"response": NaN}', "not JSON"),
        (b'"a text"', "not a JSON object"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"response": "\xff\xfe"}', "invalid UTF-8"),
        (b'{"response": "\\ud800 alone"}', "not JSON"),
        (b'{"response": "' + b"a" * 10_000_000 + b'"}', "line over 8 MiB"),
        (b'{"meta": ' + b"[" * 500 + b"]" * 500 + b"}", "nested more than 64 levels deep"),
        (b'{"meta": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON"),
        (b'{"a": ' * 200 + b"1" + b"}" * 200, "nested more than 64 levels deep"),
    ],
)
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_a_bad_line_is_a_problem_and_its_neighbours_arrive(
    tmp_path: Path, bad: bytes, problem: str, name: str
) -> None:
    rows = list(read_jsonl(write(tmp_path, GOOD, bad, GOOD, name=name)))
    assert [row.line for row in rows] == [1, 2, 3]
    assert rows[0].fields == rows[2].fields == {"response": "fine"}
    assert rows[1].fields is None
    assert (rows[1].problem or "").startswith(problem)


def test_brackets_in_a_text_are_no_nesting(tmp_path: Path) -> None:
    line = orjson.dumps({"response": "[{" * 1000})
    assert next(read_jsonl(write(tmp_path, line))).problem is None


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path: Path) -> None:
    rows = list(read_jsonl(write(tmp_path, b"\xef\xbb\xbf" + GOOD, b"", b"  ", GOOD + b"\r")))
    assert [(row.line, row.fields) for row in rows] == [(1, {"response": "fine"}), (4, {"response": "fine"})]


@pytest.mark.parametrize("cut", [12, 2000])
def test_truncated_gzip_loses_only_the_rest(tmp_path: Path, cut: int) -> None:
    lines = [orjson.dumps({"response": str(number**5)}) for number in range(5000)]
    path = write(tmp_path, *lines, name="rows.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-cut])
    *good, last = read_jsonl(path)
    assert [row.fields for row in good] == [orjson.loads(line) for line in lines[: len(good)]]
    assert last == RawRow("rows.jsonl.gz", len(good) + 1, problem="damaged gzip data: the rest of the file is lost")
    assert len(good) > 1000


def test_what_is_called_gz_but_is_none(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(GOOD)
    assert [row.line for row in read_jsonl(path)] == [1]
    assert all(row.problem for row in read_jsonl(path))


def test_a_line_far_too_long_is_not_held_in_memory(tmp_path: Path) -> None:
    path = write(tmp_path, b"x" * 10 * MAX_LINE_BYTES, GOOD)
    tracemalloc.start()
    rows = list(read_jsonl(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [bool(row.problem) for row in rows] == [True, False]
    assert peak < 6 * MAX_LINE_BYTES


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD + b"\n")))
    assert list(read_jsonl("-")) == [RawRow("stdin", 1, {"response": "fine"})]


def test_dump_line_is_one_line_of_utf8() -> None:
    assert dump_line({"a": "图\n"}) == '{"a":"图\\n"}\n'.encode()


@pytest.mark.parametrize(
    ("file", "stem"),
    [
        ("a/responses.jsonl.gz", "responses"),
        ("v1.5.jsonl", "v1.5"),
        ("table.CSV", "table"),
        ("plain", "plain"),
        (".jsonl", "stdin"),
    ],
)
def test_stem_of(file: str, stem: str) -> None:
    assert stem_of(file) == stem


def test_reject_log_counts_by_reason_and_writes_file_line_and_reason(tmp_path: Path) -> None:
    log = RejectLog(tmp_path)
    log.add("rows.jsonl", 3, "not JSON: unexpected end")
    log.add("rows.jsonl", 7, "not JSON: 文")
    log.add("other.csv", 2, "no response")
    written = [orjson.loads(line) for line in (tmp_path / "rows.rejects.jsonl").read_bytes().splitlines()]
    assert written == [
        {"file": "rows.jsonl", "line": 3, "reason": "not JSON: unexpected end"},
        {"file": "rows.jsonl", "line": 7, "reason": "not JSON: 文"},
    ]
    assert log.count == 3
    assert log.summary().startswith("3 rows rejected (2 not JSON, 1 no response), see ")


def test_reject_log_starts_its_file_anew(tmp_path: Path) -> None:
    for line in (1, 2):
        RejectLog(tmp_path).add("rows.jsonl", line, "no response")
    assert (tmp_path / "rows.rejects.jsonl").read_text().count("\n") == 1
