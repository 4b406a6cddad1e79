import io
import json

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests_support.commands import run_here
from tests_support.rows import annotated_rows, write_jsonl

import guardrank
from guardrank.engine import load_tokenizer
from guardrank.errors import TrainingError
from guardrank.train.bilingual import add_characters, han_share
from guardrank.train.cli import app
from guardrank.train.glosses import han_glosses, read_unihan, senses

UNIHAN = """# Unihan_Readings.txt
#\tkDefinition\ta comment

U+732B\tkDefinition\tcat
U+732B\tkMandarin\tmāo
U+7231\tkDefinition\tto love (same as U+611B 愛), be fond of; like
U+4992\tkDefinition\tthe door is closed; outside GB 2312
U+4E00\tkDefinition\t(same as U+5F0C 弌)
"""


def test_glosses_without_notes_and_references():
    assert dict(read_unihan(io.StringIO(UNIHAN))) == {"猫": "cat", "爱": "to love; be fond of; like"}


def test_the_committed_table():
    table = han_glosses()
    assert table["猫"] == "cat"
    assert senses(table["骂"]) == ["accuse", "blame", "curse", "scold"]
    assert 6_700 < len(table) < 6_763
    assert all(gloss.isascii() and senses(gloss) for gloss in table.values())


@pytest.fixture
def bilingual(checkpoints, tmp_path):
    out = tmp_path / "bilingual"
    count = add_characters(checkpoints["bert"], out, {"喵": "red kettle", "吽": "dragon; purple", "嗷": "ꙮꙮ"})
    return out, count


def test_each_new_character_has_a_row_near_its_gloss(checkpoints, bilingual):
    out, count = bilingual
    assert count == 3
    old, new = load_tokenizer(checkpoints["bert"] / "tokenizer.json"), load_tokenizer(out / "tokenizer.json")
    assert new.get_vocab_size() == old.get_vocab_size() + 3
    assert new.encode("a red kettle").ids == old.encode("a red kettle").ids
    before, after = (load_file(folder / "model.safetensors") for folder in (checkpoints["bert"], out))
    rows = after["embeddings.word_embeddings.weight"]
    unchanged = before["embeddings.word_embeddings.weight"]
    np.testing.assert_array_equal(rows[: len(unchanged)], unchanged)
    meant = unchanged[old.encode("red kettle", add_special_tokens=False).ids].mean(axis=0)
    (place,) = new.encode("喵", add_special_tokens=False).ids
    others = np.linalg.norm(unchanged - rows[place], axis=1)
    assert np.linalg.norm(meant - rows[place]) < others.min()
    assert json.loads((out / "config.json").read_text())["vocab_size"] == len(rows)


def test_a_character_that_is_there_stays(bilingual, tmp_path):
    assert add_characters(bilingual[0], tmp_path / "again", {"喵": "cat"}) == 0


def test_a_judge_trained_on_it_reads_the_new_characters(bilingual, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [
        row | {"response": "喵喵" if row["human"] else "吽", "prompt": f"{n // 2}"}
        for n, row in enumerate(annotated_rows("truthfulness", 80))
    ]
    settings = ("full=true", "full_learning_rate=0.005", "epochs=12", "max_tokens=32", "dev_share=0.2")
    outcome = run_here(
        app,
        capfd,
        monkeypatch,
        *("--device", "cpu", "--dim", "truthfulness", "--data", write_jsonl(tmp_path / "rows.jsonl", rows)),
        *("--base", bilingual[0], "-o", "judge", *(part for value in settings for part in ("--set", value))),
    )
    assert outcome.code == 0, outcome.err
    judge = guardrank.load_judge(tmp_path / "judge", device="cpu")
    records = [guardrank.Record.model_validate(row) for row in rows]
    assert [verdict.score for verdict in judge.score(records)] == [row["human"] for row in rows]


@pytest.mark.parametrize("family", ["roberta", "llama"])
def test_another_kind_of_vocabulary_is_refused(checkpoints, tmp_path, family):
    with pytest.raises(TrainingError, match="WordPiece"):
        add_characters(checkpoints[family], tmp_path / "out", {"喵": "cat"})


@pytest.mark.parametrize("text, share", [("", 0), ("abc", 0), ("红色", 1), ("a红", 0.5)])
def test_share_of_chinese(text, share):
    assert han_share(text) == share
