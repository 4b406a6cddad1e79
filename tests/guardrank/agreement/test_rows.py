"""Reading a study's rows: what has a label is kept, everything else is counted."""

import gzip
import hashlib
import io
import json
import sys

import numpy as np
import pytest
from tests_support.rows import write_jsonl

from guardrank.agreement.rows import MANY_ANNOTATORS, read_rows
from guardrank.agreement.settings import StudySettings
from guardrank.errors import GuardRankError


def row(i, human, **fields):
    return {"id": f"r{i}", "prompt": f"p{i // 2}", "response": "x", "dimension": "bias", "human": human} | fields


@pytest.fixture
def read(tmp_path):
    def read(rows, **changes):
        file = write_jsonl(tmp_path / "d.jsonl", rows)
        return read_rows(StudySettings((str(file),), ("keyword",), tmp_path, **changes))

    return read


def test_labels_clusters_and_counts(read, tmp_path):
    rows = read([row(0, 0), row(1, 3), row(2, None), row(3, [1, 3]), row(4, 1), row(5, 9)])
    assert [record.id for record in rows.records] == ["r0", "r1", "r4"]
    assert rows.labels.tolist() == [0, 3, 1]
    assert rows.clusters[0] == rows.clusters[1] != rows.clusters[2]
    assert (rows.unlabelled, rows.rejects.count, rows.left_out) == (2, 1, 0)
    assert (tmp_path / "d.rejects.jsonl").is_file()


def test_splits_and_dimensions(read):
    data = [row(0, 0, split="test"), row(1, 1, split="train"), row(2, 2), row(3, 1, dimension="privacy")]
    assert (len(read(data, split="test")), read(data, split="test").left_out) == (1, 3)
    rows = read(data, dimension="privacy")
    assert (len(rows), rows.rejects.left_out) == (1, 3)


def test_files_are_told_by_content(tmp_path):
    one = write_jsonl(tmp_path / "one.jsonl", [row(0, 0), row(1, 1)])
    two = tmp_path / "two.jsonl.gz"
    two.write_bytes(gzip.compress(json.dumps(row(7, 2)).encode()))
    rows = read_rows(StudySettings((str(one), str(two)), ("keyword",), tmp_path))
    assert [(file.name, file.rows) for file in rows.files] == [("one.jsonl", 2), ("two.jsonl.gz", 1)]
    assert rows.files[1].sha256 == hashlib.sha256(two.read_bytes()).hexdigest()


def test_standard_input_is_told_by_its_records(tmp_path, monkeypatch):
    def hash_of(*rows):
        text = "".join(json.dumps(given) + "\n" for given in rows)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        (file,) = read_rows(StudySettings(("-",), ("keyword",), tmp_path)).files
        return file.sha256

    assert hash_of(row(0, 0)) == hash_of(row(0, 0)) != hash_of(row(0, 1))


def test_annotators_in_order_and_at_most_so_many(read, capsys):
    rows = read([row(0, 0, annotations={"ann": 0}), row(1, 1, annotations={"ben": 3, "ann": 1})])
    assert rows.annotators == ["ann", "ben"]
    assert rows.annotations.tolist() == [[0, -1], [1, 3]]
    crowd = {f"a{i}": 0 for i in range(MANY_ANNOTATORS + 2)}
    rows = read([row(0, 0, annotations=crowd), row(1, 0, annotations={"a9": 1, "a8": 1})])
    assert rows.annotators == ["a0", "a1", "a2", "a3", "a4", "a5", "a8", "a9"]
    assert "10 annotators: only the 8 who labelled most" in capsys.readouterr().err


def test_rows_without_annotators(read):
    rows = read([row(0, 0)])
    assert rows.annotators == []
    assert rows.annotations.shape == (1, 0)
    assert rows.annotations.dtype == np.int64


@pytest.mark.parametrize(
    "rows, changes, problem",
    [
        ([row(0, None)], {}, r"no row has a label \(1 rows read\)"),
        ([row(0, 1)], {"split": "test"}, r"1 of another split than test"),
        ([row(0, 9)], {}, r"1 row rejected \(1 label off the scale\)"),
        ([row(0, [0, 1])], {}, "every label is an interval"),
        ([row(0, 1)], {"label": "meta.tone", "classes": 2}, "no row has a label"),
    ],
)
def test_nothing_to_compare(read, rows, changes, problem):
    with pytest.raises(GuardRankError, match=problem):
        read(rows, **changes)


def test_an_annotator_who_cannot_be_read_is_said(read, capsys):
    rows = [row(i, i % 2, meta={"ann": "?" if i < 3 else i % 2}) for i in range(8)]
    people = {"ann": "meta.ann", "ben": "meta.bne"}
    found = read(rows, label="human", classes=2, annotators=people)
    assert found.annotators == ["ann"]
    assert found.annotations[:, 0].tolist() == [-1, -1, -1, 1, 0, 1, 0, 1]
    said = " ".join(capsys.readouterr().err.split())
    assert "3 answers of annotator ann (meta.ann) are no label that is asked for: left out" in said
    assert "no row has an answer of annotator ben in meta.bne" in said
