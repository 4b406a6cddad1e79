import json

import numpy as np
import pytest
from tests_support.commands import run_here
from tests_support.rows import annotated_rows, read_jsonl, write_jsonl

import guardrank
from guardrank.judge.kept_rows import read_kept_rows
from guardrank.judge.manifest import read_manifest
from guardrank.train.cli import app

TINY = (
    "--device",
    "cpu",
    "--set",
    "max_tokens=64",
    "--set",
    "base_dtype=float32",
    "--set",
    "learning_rate=0.01",
    "--set",
    "epochs=12",
    "--set",
    "patience=12",
    "--set",
    "min_steps=0",
    "--set",
    "dev_share=0.2",
)

FULL = ("--set", "full=true", "--set", "full_learning_rate=0.005")


@pytest.fixture
def train(capfd, monkeypatch, tmp_path):
    """Run guardrank-train in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run_here(app, capfd, monkeypatch, *TINY, *arguments)


def scores(folder, rows):
    judge = guardrank.load_judge(folder, device="cpu")
    records = [guardrank.Record.model_validate(row) for row in rows]
    return [verdict.score for verdict in judge.score(records)]


@pytest.mark.parametrize("full", [False, True])
def test_each_family_learns_reloads_and_scores(train, base, annotations, tmp_path, full):
    extra = FULL if full else ()
    outcome = train("--dim", "truthfulness", "--data", annotations, "--base", base, *extra)
    assert outcome.code == 0, outcome.err
    folder = tmp_path / "judges" / "truthfulness"
    assert not folder.with_name("truthfulness.work").exists()
    rows = annotated_rows("truthfulness", 200)[100:]
    right = np.mean([score == row["human"] for score, row in zip(scores(folder, rows), rows, strict=True)])
    assert right > 0.8
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["dev"]["truthfulness"]["kappa"] > 0.6
    assert metrics["constant"] == []
    assert "| truthfulness | 0-1 |" in (folder / "README.md").read_text()


def test_binary_labels_and_seed_rows_train_one_head(train, checkpoints, tmp_path):
    data = write_jsonl(tmp_path / "binary.jsonl", annotated_rows("toxicity", 40))
    outcome = train(
        "--dim", "toxicity", "--data", data, "--binary", "--base", checkpoints["bert"], "--set", "epochs=1"
    )
    assert outcome.code == 0, outcome.err
    assert "120 seed rows added" in outcome.err
    manifest = json.loads((tmp_path / "judges/toxicity/guardrank.json").read_text())
    assert manifest["outputs"][0]["classes"] == 4
    assert manifest["training"]["sources"]["guardrank-seed"]["licence"] == "Apache-2.0"


def test_without_seed_rows_the_degree_stays_unknown(train, checkpoints, tmp_path):
    data = write_jsonl(tmp_path / "binary.jsonl", annotated_rows("toxicity", 96))
    outcome = train("--dim", "toxicity", "--data", data, "--binary", "--no-seed", "--base", checkpoints["llama"])
    assert outcome.code == 0, outcome.err
    assert set(scores(tmp_path / "judges/toxicity", annotated_rows("toxicity", 100))) == {0, 1}


def test_one_judge_for_four_dimensions_shares_its_logits(train, checkpoints, tmp_path):
    outcome = train(
        "--recipe", "paper-values", "--base", checkpoints["llama"], "--set", "epochs=1", "--set", "batch_size=8"
    )
    assert outcome.code == 0, outcome.err
    folder = tmp_path / "judges" / "privacy-bias-toxicity-legality"
    manifest = json.loads((folder / "guardrank.json").read_text())
    assert [output["start"] for output in manifest["outputs"]] == [0, 0, 0, 0]
    rows = [annotated_rows(dim, 1)[0] for dim in ("legality", "truthfulness", "bias")]
    assert [score is None for score in scores(folder, rows)] == [False, True, False]


def test_another_label_set(train, checkpoints, tmp_path):
    rows = [row | {"meta": {"stance": row["human"] * 2}} for row in annotated_rows("bias", 96)]
    for row in rows[:6]:
        row["meta"]["stance"] = 1
    data = write_jsonl(tmp_path / "study.jsonl", rows)
    outcome = train(
        "--data",
        data,
        "--label",
        "meta.stance",
        "--classes",
        3,
        "--nominal",
        "--base",
        checkpoints["llama"],
        "-o",
        "judges/stance",
    )
    assert outcome.code == 0, outcome.err
    manifest = json.loads((tmp_path / "judges/stance/guardrank.json").read_text())
    assert (manifest["own_labels"], manifest["label_field"]) == (True, "meta.stance")
    assert (manifest["outputs"][0]["classes"], manifest["outputs"][0]["link"]) == (3, "nominal")
    assert {0, 2} <= set(scores(tmp_path / "judges/stance", rows))


def test_a_collapsed_head_is_said(train, checkpoints, annotations, tmp_path):
    outcome = train(
        "--dim",
        "truthfulness",
        "--data",
        annotations,
        "--base",
        checkpoints["bert"],
        "--set",
        "learning_rate=1e-9",
        "--set",
        "epochs=1",
    )
    assert outcome.code == 0
    assert "The head for truthfulness has collapsed" in outcome.err
    assert json.loads((tmp_path / "judges/truthfulness/metrics.json").read_text())["constant"] == ["truthfulness"]
    assert "do not use it" in (tmp_path / "judges/truthfulness/README.md").read_text()


def test_bad_rows_are_written_down_and_change_nothing(train, checkpoints, tmp_path):
    rows = [row | {"id": f"row-{i}"} for i, row in enumerate(annotated_rows("truthfulness", 48))]
    clean = write_jsonl(tmp_path / "clean.jsonl", rows)
    dirty = tmp_path / "dirty.jsonl"
    lines = clean.read_text().splitlines(keepends=True)
    bad = ["not json\n", '{"prompt": "p"}\n', '{"response": "r", "dimension": "truthfulness", "human": 7}\n']
    dirty.write_text("".join(lines[:10] + bad + lines[10:]))
    for name, data in (("clean", clean), ("dirty", dirty)):
        outcome = train(
            "--dim", "truthfulness", "--data", data, "--base", checkpoints["bert"], "-o", f"judges/{name}"
        )
        assert outcome.code == 0, outcome.err
    assert "3 rows rejected" in outcome.err
    assert [row["line"] for row in read_jsonl(tmp_path / "dirty.rejects.jsonl")] == [11, 12, 13]
    weights = [(tmp_path / f"judges/{name}/adapter_model.safetensors").read_bytes() for name in ("clean", "dirty")]
    assert weights[0] == weights[1]


def test_cross_fitting_judges_every_annotated_row_once(train, checkpoints, tmp_path):
    rows = [
        row | {"fold": row_number // 2 % 3} for row_number, row in enumerate(annotated_rows("truthfulness", 120))
    ]
    rows.append({"id": "unlabelled", "prompt": "p", "response": "r", "dimension": "truthfulness"})
    data = write_jsonl(tmp_path / "study.jsonl", rows)
    outcome = train(
        "--data", data, "--base", checkpoints["bert"], "--cross-fit", 3, "-o", "out/study.verdicts.jsonl"
    )
    assert outcome.code == 0, outcome.err
    verdicts = read_jsonl(tmp_path / "out/study.verdicts.jsonl")
    assert [row["id"] for row in verdicts] == [row["id"] for row in rows[:-1]]
    assert [row["fold"] for row in verdicts] == [row["fold"] for row in rows[:-1]]
    assert len({row["judge"] for row in verdicts}) == 3
    assert np.mean([row["score"] == row["human"] for row in verdicts]) > 0.8
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["study.verdicts.jsonl"]


def test_a_judge_to_give_away_learns_from_what_may_be_given_away(train, checkpoints, tmp_path):
    sources = ("diasafety", "beavertails_test", "unheard of", None)
    rows = [row | {"source": sources[n // 2 % 4]} for n, row in enumerate(annotated_rows("truthfulness", 160))]
    data = write_jsonl(tmp_path / "rows.jsonl", rows)
    settings = ("sources=shipped", "epochs=1", "augment.harmless=0.5")
    sets = [part for value in settings for part in ("--set", value)]
    outcome = train("--data", data, "--base", checkpoints["bert"], "-o", "judges/mini", *sets)
    assert outcome.code == 0, outcome.err
    assert "120 rows of sources that a judge to give away may not learn from left out" in outcome.err
    manifest = read_manifest(tmp_path / "judges/mini")
    assert {name: row["licence"] for name, row in manifest.training["sources"].items()} == {
        "diasafety": "Apache-2.0"
    }


QUESTION = """
questions:
  tone:
    title: What is its tone?
    classes: [friendly, cool, rude]
    label: meta.tone
    values: {kind: 0, cool: 1, rude: 2, unclear: null}
"""


def test_a_question_names_labels_classes_and_what_they_mean(train, checkpoints, tmp_path):
    (tmp_path / "tone.yaml").write_text(QUESTION)
    rows = annotated_rows("bias", 60) + annotated_rows("toxicity", 60)
    for number, row in enumerate(rows):
        row |= {"id": f"row-{number}", "meta": {"tone": "rude" if row.pop("human") else "kind"}}
    rows[0]["meta"]["tone"] = "unclear"
    data = write_jsonl(tmp_path / "tones.jsonl", rows)
    asked = ("--data", data, "--question", "tone.yaml", "--base", checkpoints["bert"])
    assert train(*asked, "-o", "judges/tone").code == 0
    manifest = read_manifest(tmp_path / "judges/tone")
    assert [(o.dimension, o.classes, o.start) for o in manifest.outputs] == [("bias", 3, 0), ("toxicity", 3, 0)]
    assert manifest.outputs[0].calibration == manifest.outputs[1].calibration
    assert manifest.label_values == {"kind": 0, "cool": 1, "rude": 2, "unclear": None}
    assert train(*asked, "--cross-fit", 2, "-o", "tone.verdicts.jsonl").code == 0
    verdicts = read_jsonl(tmp_path / "tone.verdicts.jsonl")
    assert [row["id"] for row in verdicts] == [f"row-{number}" for number in range(1, 120)]
    assert {row["human"] for row in verdicts} == {0, 2}
    assert {len(row["probs"]) for row in verdicts} == {3}
    # what they expect, not the score: bars from one other fold of 60 rows need not suit this one
    kind, rude = ([row["expected"] for row in verdicts if row["human"] == label] for label in (0, 2))
    assert np.mean(rude) > np.mean(kind) + 0.5


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "say what to judge with --dim"),
        (
            ("--dim", "bias", "--data", "x.jsonl", "--question", "none"),
            2,
            "no question none: one of xstest-refusal",
        ),
        (("--data", "x", "--question", "openqa-wrong", "--classes", "3"), 2, "leave out --label, --classes"),
        (("--dim", "honesty"), 2, "unknown dimension 'honesty'"),
        (("--dim", "bias", "--data", "missing.jsonl"), 2, "missing.jsonl: no such file"),
        (("--dim", "bias", "--recipe", "none"), 2, "no recipe 'none'"),
        (("--dim", "bias", "--set", "epochs=many", "--base", "embedded"), 2, "epochs"),
        (("--dim", "bias", "--base", "nobody/nothing"), 1, "neither a folder nor in the hub cache"),
        (("--dim", "bias", "--map", "prompt", "--base", "embedded"), 2, "--map takes OURS=THEIRS"),
        (("--no-such-option",), 2, "No such option"),
    ],
)
def test_mistakes_end_in_a_sentence(train, arguments, code, message):
    outcome = train(*arguments)
    assert outcome.code == code
    assert message in outcome.err
    assert "Traceback" not in outcome.err


def test_rows_without_labels_cannot_train(train, checkpoints, tmp_path):
    rows = [{key: value for key, value in row.items() if key != "human"} for row in annotated_rows("bias", 8)]
    outcome = train(
        "--dim", "bias", "--data", write_jsonl(tmp_path / "x.jsonl", rows), "--base", checkpoints["bert"]
    )
    assert outcome.code == 1
    assert "no labelled rows to train on" in outcome.err


def test_help_has_examples(train):
    outcome = train("--help")
    assert outcome.code == 0
    assert "guardrank-train --dim truthfulness" in outcome.out


@pytest.mark.parametrize(
    ("there", "options", "message"),
    [
        ("mine/thesis.txt", ("-o", "mine"), "mine exists and is no judge"),
        ("mine.work/thesis.txt", ("-o", "mine"), "mine.work exists and is not a training's"),
        ("mine", ("-o", "mine"), "mine exists and is no judge"),
        ("mine.rows.jsonl", ("-o", "mine"), "mine.rows.jsonl exists and is not a training's"),
        ("mine/thesis.txt", ("-o", "mine", "--cross-fit", "3"), "mine is a folder"),
        ("thesis.txt", ("-o", "."), "name a folder for the judge"),
    ],
)
def test_nothing_but_a_judge_is_written_over(train, checkpoints, annotations, tmp_path, there, options, message):
    file = tmp_path / there
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("years of work")
    outcome = train("--dim", "truthfulness", "--data", annotations, "--base", checkpoints["bert"], *options)
    assert (outcome.code, message in outcome.err) == (2, True), outcome.err
    assert file.read_text() == "years of work"


def test_a_judge_is_replaced_by_a_new_one(train, checkpoints, annotations, tmp_path):
    for seed in (1, 2):
        outcome = train(
            "--dim", "truthfulness", "--data", annotations, "--base", checkpoints["bert"], "--seed", seed
        )
        assert outcome.code == 0, outcome.err
    manifest = json.loads((tmp_path / "judges/truthfulness/guardrank.json").read_text())
    assert manifest["training"]["seed"] == 2
    left = sorted(path.name for path in (tmp_path / "judges").iterdir())
    assert left == ["truthfulness", "truthfulness.rows.jsonl"]


def test_rows_are_kept_for_exports_with_their_final_labels(train, checkpoints, tmp_path):
    # faithbench's rule makes 1 of its 2 and 3, and 0 of its 1
    rows = [
        row | {"source": "faithbench", "human": 1 + 2 * row["human"]} for row in annotated_rows("truthfulness", 96)
    ]
    data = write_jsonl(tmp_path / "study.jsonl", [*rows, rows[0] | {"id": "t", "prompt": "new", "split": "test"}])
    options = ("--data", data, "--base", checkpoints["bert"], "--set", "epochs=1", "-o", "out/mine")
    file = tmp_path / "out" / "mine.rows.jsonl"
    file.parent.mkdir()
    file.touch()
    outcome = train(*options)
    assert outcome.code == 0, outcome.err
    assert "Rows for guardrank-export kept in out/mine.rows.jsonl" in outcome.err
    kept = read_kept_rows(file)
    assert (len(kept.calibration), len(kept.gate)) == trained_on(tmp_path / "out/mine")
    expected = {row["id"]: (row["human"] - 1) // 2 for row in rows}
    assert {row.id: row.human for part in kept for row in part} == expected
    assert not {row.prompt for row in kept.calibration} & {row.prompt for row in kept.gate}
    before = file.read_bytes()
    outcome = train(*options)
    assert outcome.code == 0, outcome.err
    assert file.read_bytes() == before
    assert sorted(path.name for path in file.parent.iterdir()) == ["mine", "mine.rows.jsonl"]


def trained_on(folder):
    figures = json.loads((folder / "metrics.json").read_text())["training"]
    return figures["train_rows"], figures["dev_rows"]
