"""``guardrank-agree queue`` as users run it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests_support.commands import Outcome, run_here
from tests_support.judges import write_tiny_judge
from tests_support.rows import annotated_rows, read_jsonl, write_jsonl

from guardrank.agreement.queue import run as queue_run
from guardrank.agreement.queue_command import QUEUE_HELP, queue
from guardrank.console import new_app

Queue = Callable[..., Outcome]


@pytest.fixture
def command(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Queue:
    app = new_app(QUEUE_HELP)
    app.command(help=QUEUE_HELP)(queue)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return lambda *arguments: run_here(app, capfd, monkeypatch, *arguments)


@pytest.fixture(scope="module")
def judge(checkpoints: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_judge(
        tmp_path_factory.mktemp("judges") / "tiny", checkpoints["bert"], ("toxicity", "bias")
    ).folder


def responses(path: Path, count: int = 40, *dimensions: str) -> Path:
    rows = [
        {**row, "id": f"{dimension}-{row['id']}", "response": f"{row['response']} {i}"}
        for dimension in dimensions or ("toxicity", "bias")
        for i, row in enumerate(annotated_rows(dimension, count))
    ]
    for row in rows:
        del row["human"]
    return write_jsonl(path, rows)


def verdicts(path: Path, source: Path, **fields: Any) -> Path:
    """Verdicts that are surest of the first rows and least sure of the last."""
    rows = read_jsonl(source)
    lines = []
    for i, row in enumerate(rows):
        top = 1 - 0.5 * i / len(rows)
        lines.append(
            {
                "id": row["id"],
                "dimension": row["dimension"],
                "score": 0,
                "probs": [top, 1 - top, 0, 0],
                "judge": "j@1",
            }
            | fields
        )
    return write_jsonl(path, lines)


def ids(folder: Path, sampled: str | None = None) -> list[str]:
    return [row["id"] for row in read_jsonl(folder / "queue.jsonl") if sampled in (None, row["sampled"])]


def test_with_a_judge(command: Queue, tmp_path: Path, judge: Path) -> None:
    outcome = command(responses(tmp_path / "r.jsonl"), "--judge", judge, "-n", 20, "-o", "q")
    assert outcome.code == 0, outcome.err
    assert "Judge tiny@" in outcome.err
    assert f"guardrank-agree study export.json --judge {judge}" in outcome.err.replace("\n", "")
    rows = read_jsonl(tmp_path / "q" / "queue.jsonl")
    assert len(rows) == 20
    assert all(0 <= row["uncertainty"] <= 1 for row in rows)
    cells = {line.split()[0]: line.split() for line in outcome.out.splitlines() if line.split()}
    assert cells["bias"][1:3] == ["en", "40"]
    assert [int(cells["all"][i]) for i in (1, 2, 3)] == [80, 16, 4]
    assert sum(row["sampled"] == "random" for row in rows) == 4


def test_uncertain_rows_by_a_verdict_file(command: Queue, tmp_path: Path) -> None:
    source = responses(tmp_path / "r.jsonl", 100, "toxicity")
    file = verdicts(tmp_path / "v.jsonl", source)
    outcome = command(source, "--verdicts", file, "-n", 20, "-o", "q", "--random-share", 0)
    assert outcome.code == 0, outcome.err
    places = [int(name.rsplit("-", 1)[1]) for name in ids(tmp_path / "q")]
    assert sum(places) / len(places) > 70
    row = read_jsonl(tmp_path / "q" / "queue.jsonl")[0]
    assert row["reason"].startswith("uncertainty 0.")


def test_without_a_judge_it_says_so(command: Queue, tmp_path: Path) -> None:
    outcome = command(responses(tmp_path / "r.jsonl"), "-n", 10)
    assert outcome.code == 0, outcome.err
    assert "diversity alone" in outcome.err
    assert "unknown" in outcome.out
    assert len(ids(tmp_path / "queue")) == 10


def test_the_same_seed_chooses_the_same_rows(command: Queue, tmp_path: Path) -> None:
    source = responses(tmp_path / "r.jsonl")
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert command(source, "-n", 10, "-o", name, "--seed", seed).code == 0
    files = [(tmp_path / name / "tasks.json").read_bytes() for name in "abc"]
    assert files[0] == files[1] != files[2]


def test_failures_are_counted_and_limited(command: Queue, tmp_path: Path) -> None:
    source = responses(tmp_path / "r.jsonl", 60, "toxicity")
    file = verdicts(tmp_path / "v.jsonl", source)
    lines = read_jsonl(file)
    for line in lines[:30]:
        line |= {"score": None, "probs": None, "error": "unreadable_answer"}
    write_jsonl(file, lines[:50])
    outcome = command(source, "--verdicts", file, "-n", 20, "-o", "q", "--random-share", 0)
    assert outcome.code == 0, outcome.err
    assert "The judge failed on 30 rows" in outcome.err
    assert "10 rows have no verdict" in outcome.err
    reasons = [row["reason"] for row in read_jsonl(tmp_path / "q" / "queue.jsonl")]
    assert sum("the judge failed: unreadable_answer" in reason for reason in reasons) == 2


def test_a_dimension_that_the_judge_lacks_is_chosen_by_diversity(
    command: Queue, tmp_path: Path, judge: Path
) -> None:
    source = responses(tmp_path / "r.jsonl", 20, "toxicity", "legality")
    outcome = command(source, "--judge", judge, "-n", 20, "-o", "q")
    assert outcome.code == 0, outcome.err
    assert "20 rows have no verdict" in outcome.err
    assert sum(name.startswith("legality") for name in ids(tmp_path / "q", "chosen")) >= 6


def test_labelled_rows_are_not_asked_about(command: Queue, tmp_path: Path) -> None:
    source = responses(tmp_path / "r.jsonl", 10, "toxicity")
    rows = read_jsonl(source)
    rows[0]["human"] = 1
    write_jsonl(source, rows)
    elsewhere = write_jsonl(tmp_path / "l.jsonl", [rows[1] | {"id": "x", "human": 2}, rows[2] | {"human": None}])
    assert command(source, "-o", "q", "--labelled", elsewhere).code == 0
    assert set(ids(tmp_path / "q")) == {row["id"] for row in rows[2:]}
    assert command(source, "-o", "all", "--include-labelled").code == 0
    assert len(ids(tmp_path / "all")) == 10


def test_too_few_prompts_are_told(command: Queue, tmp_path: Path) -> None:
    rows = [{"id": i, "prompt": "Same?", "response": f"r{i}", "dimension": "bias"} for i in range(30)]
    source = write_jsonl(tmp_path / "r.jsonl", rows)
    outcome = command(source, "-n", 10, "-o", "q", "--random-share", 0, "--per-prompt", 4)
    assert outcome.code == 0
    assert "Only 4 rows: at most 4 may share a prompt" in outcome.err


def test_predictions_only_with_show_judge(command: Queue, tmp_path: Path) -> None:
    source = responses(tmp_path / "r.jsonl")
    file = verdicts(tmp_path / "v.jsonl", source, score=1)
    for name, options in (("hidden", ()), ("shown", ("--show-judge",))):
        assert command(source, "--verdicts", file, "-o", name, *options).code == 0
    tasks = {name: json.loads((tmp_path / name / "tasks.json").read_text()) for name in ("hidden", "shown")}
    assert not any("predictions" in task for task in tasks["hidden"])
    assert all(task["predictions"][0]["model_version"] == "j@1" for task in tasks["shown"])


def test_bad_rows_are_counted_and_written_down(command: Queue, tmp_path: Path) -> None:
    source = responses(tmp_path / "r.jsonl")
    source.write_text(source.read_text() + "not json\n")
    outcome = command(source, "-o", "q")
    assert "1 row rejected (1 not JSON)" in outcome.err
    assert len(read_jsonl(tmp_path / "q" / "r.rejects.jsonl")) == 1


@pytest.mark.parametrize(
    ("options", "message", "code"),
    [
        (("-",), "put the responses into a file", 2),
        (("absent.jsonl",), "no such file", 2),
        (("r.jsonl", "--judge", "j", "--verdicts", "v"), "give one of them", 2),
        (("r.jsonl", "--show-judge"), "needs a judge", 2),
        (("r.jsonl", "--verdicts", "absent"), "no verdict file absent", 2),
        (("r.jsonl", "--dim", "kindness"), "unknown dimension", 2),
        (("r.jsonl", "--random-share", "1.5"), "random-share", 2),
        (("r.jsonl", "-n", "0"), "--rows", 2),
        (("r.jsonl", "-o", "r.jsonl"), "is a file", 2),
        (("r.jsonl", "--judge", "absent"), "no judge folder", 1),
        (("labelled.jsonl",), "nothing to label", 1),
    ],
)
def test_what_cannot_work_is_one_sentence(
    command: Queue, tmp_path: Path, options: tuple[str, ...], message: str, code: int
) -> None:
    responses(tmp_path / "r.jsonl", 4)
    write_jsonl(tmp_path / "labelled.jsonl", annotated_rows("bias", 4))
    outcome = command(*options)
    assert outcome.code == code
    assert message in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "queue" / "queue.jsonl").exists()


def test_a_queue_is_never_written_over(command: Queue, tmp_path: Path) -> None:
    source = responses(tmp_path / "r.jsonl")
    assert command(source, "-o", "q").code == 0
    before = (tmp_path / "q" / "tasks.json").read_bytes()
    assert command(source, "-o", "q", "--seed", 5).code == 2
    assert (tmp_path / "q" / "tasks.json").read_bytes() == before


def test_responses_that_change_meanwhile(command: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = responses(tmp_path / "r.jsonl")
    choose = queue_run.choose

    def late(*arguments: Any) -> Any:
        source.write_text("\n".join(reversed(source.read_text().splitlines())))
        return choose(*arguments)

    monkeypatch.setattr(queue_run, "choose", late)
    outcome = command(source, "-o", "q")
    assert (outcome.code, "changed while they were read" in outcome.err) == (1, True)


def test_markup_in_names_is_text(command: Queue, tmp_path: Path) -> None:
    rows = [{"id": i, "response": f"r{i}", "dimension": "bias", "lang": "[red]x[/red]"} for i in range(3)]
    outcome = command(write_jsonl(tmp_path / "r.jsonl", rows))
    assert outcome.code == 0, outcome.err
    assert "[red]x[/red]" in outcome.out


def test_the_command_is_light_until_it_runs() -> None:
    code = (
        "import sys, guardrank.agreement.queue_command;"
        "print([n for n in ('numpy', 'torch', 'scipy', 'sklearn', 'openai', 'pydantic') if n in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
