"""A packed judge is a judge like any other: its folder, its exports, its verdicts."""

import json
import shutil

import numpy as np
from tests_support.published import ROWS, VALUE_ROWS, VALUES, load, scores
from tests_support.rows import read_jsonl, write_jsonl

from guardrank.judge.base import hash_file
from guardrank.judge.manifest import read_manifest
from guardrank.serve.export import app as export_app
from guardrank.serve.score import app as score_app
from guardrank.train.cli import app as train_app
from guardrank.train.published import pack_published


def test_the_command_packs_and_says_so(run, state, checkpoints, tmp_path):
    outcome = run(train_app, "--from-published", state, "--base", checkpoints["roberta"])
    assert outcome.code == 0, outcome.err
    folder = tmp_path / "judges" / "published-truthfulness"
    assert "written to judges/published-truthfulness: packed, not trained" in outcome.err
    assert sorted(file.name for file in folder.iterdir()) == [
        "README.md",
        "config.json",
        "guardrank.json",
        "metrics.json",
        "model.safetensors",
        "tokenizer.json",
    ]
    assert [file.name for file in folder.parent.iterdir()] == ["published-truthfulness"]
    manifest = read_manifest(folder)
    sha256 = hash_file(state)
    assert manifest.training == {"packed_from": {"hallucination.pt": sha256}}
    (output,) = manifest.outputs
    assert output.calibration.model_dump(exclude_defaults=True) == {"decode": "relu_argmax"}
    assert json.loads((folder / "metrics.json").read_text()) == {"dev": {}, "constant": [], "chance": []}
    card = (folder / "README.md").read_text("utf-8")
    assert sha256 in card and "packed, not trained" in card and "its authors' to say" in card
    assert "| truthfulness | 0-1 |" in card and "not always the likeliest" in card.replace("\n  ", " ")


def test_the_adapter_is_packed_by_default_as_values(run, adapter, llama, tmp_path):
    outcome = run(train_app, "--from-published", adapter, "--base", llama)
    assert outcome.code == 0, outcome.err
    manifest = read_manifest(tmp_path / "judges" / "published-values")
    assert tuple(output.dimension for output in manifest.outputs) == VALUES
    assert {(output.start, output.calibration.decode) for output in manifest.outputs} == {(0, "argmax")}
    assert set(manifest.training["packed_from"]) == {"adapter_config.json", "adapter_model.safetensors"}
    transformer = manifest.transformer
    assert (transformer.max_tokens, transformer.truncation, transformer.pad_id) == (512, "right", 2)


def test_the_encoder_takes_no_weights_of_its_base(state, checkpoints, packed_encoder, tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    for name in ("config.json", "tokenizer.json"):
        shutil.copyfile(checkpoints["roberta"] / name, base / name)
    pack_published(state, str(base), tmp_path / "judge")
    shutil.rmtree(base)
    rows = ROWS[::20]
    assert scores(tmp_path / "judge", rows) == scores(packed_encoder, rows)


def test_a_packed_judge_takes_the_place_of_another(state, checkpoints, tmp_path):
    folder = tmp_path / "judge"
    folder.mkdir()
    (folder / "guardrank.json").write_text("{}")
    (folder / "model_int8.onnx").write_text("old")
    (tmp_path / "judge.rows.jsonl").write_text("")
    pack_published(state, str(checkpoints["roberta"]), folder)
    assert not (folder / "model_int8.onnx").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["judge"], (
        "rows of another's training would gate its exports"
    )


def test_guardrank_score_reads_it(run, packed_encoder, published, tmp_path):
    rows = ROWS[:600:10]  # without the empty ones, which are no responses
    write_jsonl(tmp_path / "rows.jsonl", [row.model_dump(mode="json", exclude_none=True) for row in rows])
    outcome = run(score_app, "rows.jsonl", "--judge", packed_encoder, "--device", "cpu")
    assert outcome.code == 0, outcome.err
    assert "chance" not in outcome.err and "says the same" not in outcome.err
    assert [row["score"] for row in read_jsonl(tmp_path / "rows.verdicts.jsonl")] == published[:600:10].tolist()


def test_the_encoder_is_exported(run, packed_encoder, published, tmp_path):
    folder = shutil.copytree(packed_encoder, tmp_path / "truth")
    outcome = run(export_app, folder, "--bound", "0.2")
    assert outcome.code == 0, outcome.err
    assert "compared on seed rows" in outcome.err and "fp32 flips 0 of" in outcome.err
    assert scores(folder, ROWS, "fp32") == published.tolist()
    int8 = np.array(scores(folder, ROWS, "int8"))
    assert (int8 == published).mean() > 0.9
    raw = load(folder, "int8").logits(ROWS)[0]
    assert (int8[(raw <= 0).all(axis=1)] == 0).all() and (raw <= 0).all(axis=1).sum() > 50
    card = (folder / "README.md").read_text("utf-8")
    assert "| int8 |" in card and "packed, not trained" in card


def test_the_adapter_is_exported(run, packed_adapter, decoder, tmp_path):
    folder = shutil.copytree(packed_adapter, tmp_path / "values")
    assert run(export_app, folder, "--precision", "fp32").code == 0
    outcome = run(export_app, folder, "--bound", "0.2")
    assert outcome.code == 0, outcome.err
    published = decoder[1].argmax(axis=1)
    assert scores(folder, VALUE_ROWS, "fp32") == published.tolist()
    assert (np.array(scores(folder, VALUE_ROWS, "int8")) == published).mean() > 0.9
