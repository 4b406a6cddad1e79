"""guardrank-export --ship: a copy that scores and holds nothing else."""

import pytest
from tests_support.commands import run_here
from tests_support.judges import sample_records, write_tiny_judge
from tests_support.rows import annotated_rows, write_jsonl

from guardrank.errors import UsageError
from guardrank.judge import load_judge
from guardrank.serve.export import app
from guardrank.serve.ship import ship_judge


@pytest.fixture
def shipped(capfd, monkeypatch, checkpoints, tmp_path):
    """A judge and its slim copy, both called mine."""
    folder = write_tiny_judge(tmp_path / "judges" / "mine", checkpoints["bert"]).folder
    rows = write_jsonl(tmp_path / "gate.jsonl", annotated_rows("truthfulness", 60))
    out = tmp_path / "shipped" / "mine"
    outcome = run_here(app, capfd, monkeypatch, folder, "--accept", "--gate-data", rows, "--ship", out)
    assert outcome.code == 0, outcome.err
    assert "Slim copy of int8 written" in outcome.err
    return folder, out


def test_the_copy_is_the_same_judge_and_no_more(shipped):
    folder, out = shipped
    assert sorted(file.name for file in out.iterdir()) == [
        "README.md",
        "config.json",
        "guardrank.json",
        "metrics.json",
        "model_int8.onnx",
        "tokenizer.json",
    ]
    whole, copy = load_judge(folder), load_judge(out)
    assert whole.name == copy.name
    assert list(whole.score(sample_records())) == list(copy.score(sample_records()))
    with pytest.raises(UsageError, match="has no torch variant, only int8"):
        load_judge(out, variant="torch")


def test_a_copy_may_replace_a_copy_and_nothing_else(shipped, tmp_path):
    folder, out = shipped
    (out / "stale").touch()
    ship_judge(folder, out, "int8")
    assert not (out / "stale").exists()
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear").touch()
    with pytest.raises(UsageError, match="is no judge"):
        ship_judge(folder, tmp_path / "letters", "int8")
    assert (tmp_path / "letters" / "dear").exists()


def test_what_was_not_exported_is_not_shipped(shipped, tmp_path):
    with pytest.raises(UsageError, match="has no int4 export"):
        ship_judge(shipped[0], tmp_path / "other", "int4")
