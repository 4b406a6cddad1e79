"""``guardrank-agree correct`` as a user runs it: the table, the file, what it says, and how it refuses."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests_support.commands import Outcome, run_here
from tests_support.rows import write_jsonl

from guardrank.agreement.cli import app
from guardrank.agreement.corrected_results import CorrectedScores
from guardrank.annotations import read_records


def responses(count: int = 400) -> list[dict]:
    """Four to a prompt; every third is bad, and the judge finds nothing in every second of those."""
    rows = []
    for i in range(count):
        bad = i % 3 == 0
        record = {"id": f"r{i}", "prompt": f"prompt {i // 4}", "response": f"text {i}", "dimension": "bias"}
        rows.append(record | {"model": f"model-{i % 2}", "human": 2 * bad, "seen": 2 * (bad and i % 2)})
    return rows


def verdict(row: dict, **fields) -> dict:
    known = {name: row[name] for name in ("id", "dimension", "model")} | {
        "score": row["seen"],
        "judge": "lenient@1",
    }
    return known | fields


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run, the responses that it judged, and labels of 120 rows drawn at random."""
    rows = responses()
    write_jsonl(tmp_path / "run.verdicts.jsonl", [verdict(row) for row in rows])
    unlabelled = [{name: row[name] for name in row if name not in ("human", "seen")} for row in rows]
    write_jsonl(tmp_path / "responses.jsonl", unlabelled)
    write_jsonl(tmp_path / "labels.jsonl", random.Random(4).sample(rows, 120))
    return tmp_path


@pytest.fixture
def correct(folder: Path, capfd, monkeypatch):
    """Runs the command in the folder."""

    def run(*arguments) -> Outcome:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", "100")
        return run_here(app, capfd, monkeypatch, "correct", *arguments)

    return run


RUN = ("run.verdicts.jsonl", "--labels", "labels.jsonl")


def test_the_table_and_the_file(correct, folder: Path) -> None:
    outcome = correct(*RUN, "--responses", "responses.jsonl", "-o", "out/corrected.json")
    assert outcome.code == 0
    scores = CorrectedScores.model_validate_json((folder / "out/corrected.json").read_text())
    (row,) = scores.rows
    assert row.asd.judge.value == pytest.approx(2 * 67 / 400 / 3, abs=1e-3)
    assert row.asd.judge.high < 2 / 9 < row.asd.corrected.high  # the truth: a third of the rows score 2 of 3
    assert row.asd.corrected.low < 2 / 9
    assert row.asd.gain > 1.3
    assert (row.labelled, scores.nameless, row.undecided) == (120, 0, None)
    shown = f"{row.par.corrected.value:.2f} [{row.par.corrected.low:.2f}, {row.par.corrected.high:.2f}]"
    line = next(line for line in outcome.out.partition("PAR")[2].splitlines() if "bias" in line)
    assert line.split("bias")[1].split()[0] == "120"
    assert shown in line and line.strip().endswith(f"{row.par.gain:.1f}")
    assert "These are rates of 400 of 400 rows: those that the judge scored." in outcome.out
    assert "400 rows of run.verdicts.jsonl, judged by lenient@1" in outcome.err
    assert "count as independent" not in outcome.err
    assert scores.command.endswith("--responses responses.jsonl -o out/corrected.json")


def test_what_has_to_be_said_is_said(correct, folder: Path) -> None:
    rows = responses()
    lines = [verdict(row, abstained=i < 5) for i, row in enumerate(rows)]
    lines[8:12] = [verdict(row, score=None, error="empty_answer") for row in rows[8:12]]
    write_jsonl(folder / "run.verdicts.jsonl", lines)
    labels = [row | {"sampled": "random", "weight": 2} for row in rows[9:29]]
    labels += [rows[50] | {"sampled": "chosen"}, rows[0] | {"id": "other", "sampled": "random"}, {"id": "r1"}]
    write_jsonl(folder / "labels.jsonl", labels)
    outcome = correct(*RUN)
    assert outcome.code == 0
    assert "Labels left out: 1 not drawn at random, 1 not in the run" in outcome.err
    assert "Not judged: 4 empty_answer" in outcome.err
    assert "The prompts of 380 rows are not known, so they count as independent" in outcome.err
    assert "1 row rejected" in outcome.err
    said = " ".join(outcome.out.split())
    assert "rates of 396 of 400 rows: those that the judge scored, the 5 that it abstained from among them." in said
    assert "? undecided: labels of fewer than 30 prompts." in said
    assert "bias: 4 of 400 rows (1.0%) have no score; people's labels of 3 of them say ASD 0.22 [" in said
    assert "]?" in outcome.out


def test_labels_that_were_not_drawn_at_random_are_noticed(correct, folder: Path) -> None:
    write_jsonl(folder / "labels.jsonl", [row for row in responses() if row["seen"]])
    outcome = correct(*RUN)
    said = " ".join(outcome.out.split())
    assert "bias: the judge's mean on the labelled rows is" in said
    assert "if they were not drawn at random, these figures are wrong" in said


def test_intervals_are_shown_as_bounds(correct, folder: Path) -> None:
    rows = [row | {"human": [1, 3] if row["human"] else 0} for row in responses()[:120]]
    write_jsonl(folder / "labels.jsonl", rows)
    outcome = correct(*RUN)
    asd, par = outcome.out.partition("PAR, 1 best")[::2]
    line = next(line for line in asd.splitlines() if "bias" in line)
    assert line.count("[") == 3 and len(line.split()) == 2 + 3 + 2 + 2  # name, labels, a value, two pairs of bounds
    assert "bias: only bounds of corrected ASD: 40 of 120 labels are intervals such as [1, 3]" in par


def test_verdicts_on_labelled_rows_may_stand_in_a_file_of_their_own(correct, folder: Path) -> None:
    rows = responses(520)
    write_jsonl(folder / "labels.jsonl", rows[400:])
    write_jsonl(folder / "labelled.verdicts.jsonl", [verdict(row) for row in rows[400:]])
    outcome = correct(*RUN, "--verdicts", "labelled.verdicts.jsonl", "-o", "corrected.json")
    assert outcome.code == 0
    (row,) = json.loads((folder / "corrected.json").read_text())["rows"]
    assert (row["rows"], row["labelled"], row["clusters"]) == (400, 120, 30)
    write_jsonl(folder / "labelled.verdicts.jsonl", [verdict(row, judge="another@2") for row in rows[400:]])
    refused = correct(*RUN, "--verdicts", "labelled.verdicts.jsonl")
    assert refused.code == 2
    assert "labelled.verdicts.jsonl is by 'another@2', which judged no row of the run" in refused.err


def test_the_export_of_a_queue_is_read(correct, folder: Path) -> None:
    """Label Studio's export of the rows that ``guardrank-agree queue`` chose."""
    tasks = []
    for i, row in enumerate(responses()[:60]):
        record = {name: row[name] for name in ("id", "prompt", "response", "dimension", "model")}
        data = {
            "record": json.dumps(record),
            "sampled": "random" if i < 40 else "chosen",
            "weight": 10 if i < 40 else None,
        }
        choice = {"from_name": "score", "type": "choices", "value": {"choices": [str(row["human"])]}}
        tasks.append({"id": i, "data": data, "annotations": [{"completed_by": 1, "result": [choice]}]})
    (folder / "export.json").write_text(json.dumps(tasks))
    outcome = correct("run.verdicts.jsonl", "--labels", "export.json", "-o", "corrected.json")
    assert outcome.code == 0
    assert "Labels left out: 20 not drawn at random" in outcome.err
    assert json.loads((folder / "corrected.json").read_text())["rows"][0]["labelled"] == 40


def test_names_from_data_are_no_markup(correct, folder: Path) -> None:
    hostile = "[red]x[/red]\x1b[31m"
    write_jsonl(folder / "run.verdicts.jsonl", [verdict(row, model=hostile, judge=hostile) for row in responses()])
    write_jsonl(folder / "labels.jsonl", [row | {"model": hostile} for row in responses()[:100]])
    outcome = correct(*RUN, "--by", "model")
    assert "[red]x[/red]" in outcome.out
    assert "[red]x[/red]" in outcome.err
    assert "\x1b" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("absent.jsonl", "--labels", "labels.jsonl"), "there is no verdict file absent.jsonl"),
        (("run.verdicts.jsonl", "--labels", "absent.jsonl"), "absent.jsonl: no such file"),
        (("run.verdicts.jsonl",), "--labels"),
        ((*RUN, "--by", "colour"), "--by"),
        ((*RUN, "--dim", "luck"), "--dim: unknown dimension 'luck'"),
        ((*RUN, "--question", "none"), "no question none"),
        ((*RUN, "-o", "labels.jsonl"), "labels.jsonl is an input: give another file with -o"),
        ((*RUN, "-o", "."), ". is a folder: give a file with -o"),
        ((*RUN, "--dim", "privacy"), "no label can be used"),
    ],
)
def test_wrong_usage(correct, arguments: tuple[str, ...], says: str) -> None:
    outcome = correct(*arguments)
    assert outcome.code == 2
    assert says in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err


def test_a_refusal_leaves_no_file(correct, folder: Path) -> None:
    write_jsonl(folder / "labels.jsonl", [{"id": "other", "dimension": "bias", "response": "x", "human": 0}])
    assert correct(*RUN, "-o", "corrected.json").code == 2
    assert not (folder / "corrected.json").exists()


def test_the_command_loads_nothing_heavy_before_it_has_to() -> None:
    heavy = {"scipy", "statsmodels", "torch", "onnxruntime"}
    code = f"import sys, guardrank.agreement.correct_command; print(sorted({heavy} & {{*sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_on_real_labels_gpt4_is_corrected(shared_data: Path, correct, folder: Path) -> None:
    """Do-Not-Answer: GPT-4 as the judge, 400 human labels at random; the truth is the whole file's labels."""
    file = shared_data / "do_not_answer.jsonl.gz"
    records = list(read_records(file))
    lines = [
        {"id": one.id, "dimension": one.dimension, "model": one.model, "score": one.judges["gpt-4"]}
        for one in records
    ]
    write_jsonl(folder / "run.verdicts.jsonl", [line | {"judge": "gpt-4"} for line in lines])
    sample = random.Random(0).sample([one.model_dump(mode="json") for one in records], 400)
    plain = [one | {"human": int(one["human"] != 0), "source": None} for one in sample]
    write_jsonl(folder / "labels.jsonl", plain)
    outcome = correct(*RUN, "--responses", file, "--question", "do-not-answer-harmful", "-o", "corrected.json")
    assert outcome.code == 0
    scores = CorrectedScores.model_validate_json((folder / "corrected.json").read_text())
    for row in scores.rows:
        truth = [one.human == 0 for one in records if one.dimension == row.dimension]
        assert row.par.corrected.low <= sum(truth) / len(truth) <= row.par.corrected.high
    assert [one.value for one in scores.overall] == [None]
