import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tests_support.commands import run_here
from tests_support.rows import write_jsonl
from transformers import AutoModelForMaskedLM

from guardrank.engine import load_tokenizer
from guardrank.records import Record
from guardrank.train.prepare_base import app, texts_of

TEXTS = ["红色的水壶在炉子上", "紫色的龙在厨房里跳舞", "the red kettle is on the stove", "purple dragons dance"]


def row(text, **fields):
    return {"prompt": "", "response": text, "dimension": "toxicity", "human": 0, "split": "train"} | fields


@pytest.fixture
def prepare(checkpoints, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    rows = [row(f"{text} {n}", source="diasafety") for n in range(30) for text in TEXTS]
    data = write_jsonl(tmp_path / "rows.jsonl", rows)
    fixed = ("--base", checkpoints["bert"], "--data", data, "-o", "bilingual", "--device", "cpu")
    return lambda *arguments: run_here(app, capfd, monkeypatch, *fixed, *arguments)


def test_rows_are_added_and_trained(prepare, checkpoints, tmp_path):
    assert prepare("--epochs", 0).code == 0
    added = load_file(tmp_path / "bilingual/model.safetensors")
    outcome = prepare("--epochs", 12, "--english", 1)
    assert outcome.code == 0, outcome.err
    assert "Reading 120 texts 12 times" in outcome.err
    assert [path.name for path in tmp_path.glob("bilingual*")] == ["bilingual"]
    trained = load_file(tmp_path / "bilingual/model.safetensors")
    assert set(trained) <= set(added)
    described = json.loads((tmp_path / "bilingual/pretraining.json").read_text())
    assert (described["texts"], described["epochs"], described["device"]) == (120, 12, "cpu")
    assert described["data"][0]["rows"] == 120
    name = "embeddings.word_embeddings.weight"
    assert trained[name].shape == added[name].shape
    assert not np.allclose(trained[name], added[name])
    tokenizer = load_tokenizer(tmp_path / "bilingual/tokenizer.json")
    assert "[UNK]" not in tokenizer.encode("猫狗鸟鱼").tokens
    assert load_tokenizer(checkpoints["bert"] / "tokenizer.json").encode("猫").tokens[1] == "[UNK]"


def test_it_learns_what_stands_where(prepare, tmp_path):
    losses = []
    for epochs in (1, 30):
        outcome = prepare("--epochs", epochs, "--english", 1)
        assert outcome.code == 0, outcome.err
        losses.append(float(outcome.err.split("Mean loss ")[1].split()[0]))
    assert losses[1] < losses[0] - 0.5
    model = AutoModelForMaskedLM.from_pretrained(tmp_path / "bilingual")  # loads as any BERT
    assert torch.isfinite(model.get_input_embeddings().weight).all()


def test_an_unfinished_run_is_not_lost(prepare, tmp_path):
    work = tmp_path / "bilingual.work"
    (work / "checkpoint-5").mkdir(parents=True)
    (work / "settings.json").write_text(json.dumps({"base": "another"}))
    outcome = prepare("--epochs", 1)
    assert outcome.code == 2
    assert "--resume goes on with it, --fresh drops it" in outcome.err
    outcome = prepare("--epochs", 1, "--resume")
    assert outcome.code == 1
    assert "had other settings" in outcome.err
    assert prepare("--epochs", 1, "--fresh").code == 0


def test_only_train_rows_are_read():
    rows = [
        row("one"),
        row("two", split="dev"),
        row("three", split="test"),
        row("four", split=None),
        row("一二三"),
        row("一二三"),
    ]
    records = [Record.model_validate(each) for each in rows]
    assert texts_of(records, english=1.0, seed=0) == ["一二三", "one"]
    assert texts_of(records, english=0.0, seed=0) == ["一二三"]


def test_sources_that_may_not_be_given_away_are_left_out(prepare, tmp_path):
    rows = [row(f"text {n}", source=source) for n in range(20) for source in ("diasafety", "xstest", "unknown")]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    outcome = prepare("--epochs", 1, "--english", 1)
    assert outcome.code == 0, outcome.err
    assert "40 rows of sources that a judge to give away may not learn from left out" in outcome.err
    assert "Reading 20 texts" in outcome.err
