"""``pip install guardrank`` without extras: an exported judge scores in an environment that has no torch.

The environment holds the wheel and links to exactly the packages that the base dependencies pull in.
"""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tests_support.judges import write_tiny_judge
from tests_support.rows import annotated_rows, read_jsonl, write_jsonl
from tests_support.wheels import build_wheel, new_environment

from guardrank.judge import load_judge
from guardrank.serve.exporting import ExportRequest, export_judge

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "transformers", "peft", "datasets", "evaluate", "optimum", "onnx", "scipy", "sklearn", "openai"}


def base_packages() -> set[str]:
    """The top-level files and folders of the base dependencies and of theirs, without extras."""
    todo, seen, entries = ["guardrank"], set(), set()
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        found = distribution(name)
        if name != "guardrank":
            entries |= {path.parts[0] for path in found.files or () if path.parts[0] not in ("..", "__pycache__")}
        needed = (Requirement(text) for text in found.requires or ())
        todo += [each.name for each in needed if not each.marker or each.marker.evaluate({"extra": ""})]
    return entries


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """A virtual environment with the base install alone."""
    wheel = build_wheel(tmp_path_factory)
    return new_environment(wheel, tmp_path_factory.mktemp("light"), only=base_packages())


@pytest.fixture(scope="module")
def exported(checkpoints, tmp_path_factory):
    folder = tmp_path_factory.mktemp("judges") / "tiny"
    write_tiny_judge(folder, checkpoints["bert"])
    rows = write_jsonl(folder.parent / "gate.jsonl", annotated_rows("truthfulness", 60))
    export_judge(ExportRequest(folder, "int8", (str(rows),), accept=True))
    return folder


def test_the_base_install_is_light(light):
    code = f"import importlib.util as u; print([n for n in {sorted(HEAVY)} if u.find_spec(n)])"
    assert run(light / "bin/python", "-c", code) == "[]\n"


def test_it_scores_as_the_full_install_does(light, exported, tmp_path):
    rows = write_jsonl(tmp_path / "rows.jsonl", annotated_rows("truthfulness", 40))
    run(light / "bin/guardrank-score", rows, "--judge", exported, "-o", tmp_path / "light.jsonl")
    run(sys.executable, "-m", "guardrank.serve.score", rows, "--judge", exported, "-o", tmp_path / "full.jsonl")
    verdicts = (tmp_path / "light.jsonl").read_bytes()
    assert verdicts == (tmp_path / "full.jsonl").read_bytes()
    assert all(row["judge"] == load_judge(exported).name for row in read_jsonl(tmp_path / "light.jsonl"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "TASKS"),
        ("run", "--model", "hf:anything", "--tasks", "TASKS", "-o", "run", "--no-judge"),
        ("report", "nowhere"),
    ],
)
def test_the_benchmark_says_what_it_needs(light, tmp_path, arguments):
    tasks = ROOT / "data" / "samples" / "tasks" / "privacy"
    command = [str(tasks) if part == "TASKS" else part for part in arguments]
    ended = subprocess.run(
        [light / "bin/guardrank-bench", *command], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert ended.returncode in (1, 2) and len(ended.stderr.strip().splitlines()) == 1
    assert arguments[0] == "report" or "pip install 'guardrank[bench]'" in ended.stderr
    assert run(light / "bin/guardrank-bench", "--help").startswith("Usage")


def test_scoring_imports_no_torch_even_where_there_is_one(exported, tmp_path):
    rows = write_jsonl(tmp_path / "rows.jsonl", annotated_rows("truthfulness", 10))
    code = (
        "import sys; from guardrank.serve.score import app;"
        f"app(['{rows}', '--judge', '{exported}', '-o', '{tmp_path / 'v.jsonl'}'], standalone_mode=False);"
        f"print([n for n in {sorted(HEAVY)} if n in sys.modules])"
    )
    assert run(sys.executable, "-c", code).endswith("[]\n")
    assert len(read_jsonl(tmp_path / "v.jsonl")) == 10


def test_a_judge_that_was_not_exported_says_what_to_do(light, checkpoints, tmp_path):
    judge = write_tiny_judge(tmp_path / "judge", checkpoints["bert"]).folder
    rows = write_jsonl(tmp_path / "rows.jsonl", annotated_rows("truthfulness", 4))
    command = [light / "bin/guardrank-score", rows, "--judge", judge]
    result = subprocess.run([*map(str, command)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "pip install 'guardrank[train]'" in result.stderr and "guardrank-export" in result.stderr


def run(*command) -> str:
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd=Path("/"))
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
