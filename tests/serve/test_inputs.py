"""What is known of the inputs before they are scored: fingerprints, and rows where lines can be counted."""

import gzip
import hashlib

import pytest

from guardrank.serve import inputs
from guardrank.serve.inputs import survey


@pytest.mark.parametrize(
    ("name", "data", "rows"),
    [
        ("r.jsonl", b"{}\n{}\n", 2),
        ("r.jsonl", b"{}\n{}", 2),
        ("r.NDJSON", b"", 0),
        ("r.jsonl", b"{}\n" * 700_000, 700_000),
        ("r.csv", b"prompt,response\n", None),
        ("r.jsonl.gz", gzip.compress(b"{}\n"), None),
    ],
)
def test_a_file(tmp_path, name, data, rows):
    (tmp_path / name).write_bytes(data)
    (file,), count = survey([str(tmp_path / name)])
    assert (file.name, file.bytes, file.sha256) == (name, len(data), hashlib.sha256(data).hexdigest())
    assert count == rows


def test_several_inputs_and_the_files_of_a_results_folder(tmp_path):
    for name in ("results/bias_b.jsonl", "results/bias_a.jsonl", "results/notes.txt", "r.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"{}\n")
    files, rows = survey([str(tmp_path / "r.jsonl"), str(tmp_path / "results")])
    assert ([file.name for file in files], rows) == (["r.jsonl", "bias_a.jsonl", "bias_b.jsonl"], 3)
    (tmp_path / "t.csv").write_bytes(b"response\n")
    assert survey([str(tmp_path / "r.jsonl"), str(tmp_path / "t.csv")]).rows is None


def test_only_a_slow_reading_is_said(tmp_path, capfd, monkeypatch):
    (tmp_path / "r.jsonl").write_bytes(b"{}\n")
    survey([str(tmp_path / "r.jsonl")])
    assert capfd.readouterr().err == ""
    monkeypatch.setattr(inputs, "_SLOW_SECONDS", 0.0)
    (tmp_path / "large.jsonl").write_bytes(b"{}\n" * 10_000_000)
    survey([str(tmp_path / "large.jsonl")])
    assert "Reading " in capfd.readouterr().err
