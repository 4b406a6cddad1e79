"""guardrank-score without --judge: the package's judge, and beside the user's own for what those lack."""

import pytest
from tests_support.commands import run_here
from tests_support.judges import write_tiny_judge
from tests_support.rows import annotated_rows, read_jsonl, write_jsonl

from guardrank.dimensions import DIMENSIONS
from guardrank.serve.score import app


@pytest.fixture
def scored(capfd, monkeypatch, tmp_path):
    """Score a row of each dimension in a fresh folder: dimension -> verdict, and what the screen said."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        rows = [row for dimension in DIMENSIONS for row in annotated_rows(dimension, 1)]
        outcome = run_here(app, capfd, monkeypatch, write_jsonl(tmp_path / "r.jsonl", rows), *arguments)
        assert outcome.code == 0, outcome.err
        return {verdict["dimension"]: verdict for verdict in read_jsonl(tmp_path / "r.verdicts.jsonl")}, outcome

    return run


def test_the_judge_of_the_package_scores_all_dimensions_and_is_named(scored):
    verdicts, outcome = scored()
    assert {name: verdict["judge"].partition("@")[0] for name, verdict in verdicts.items()} == dict.fromkeys(
        DIMENSIONS, "guardrank-mini"
    )
    assert all(verdict["score"] in range(DIMENSIONS[name].classes) for name, verdict in verdicts.items())
    assert (
        f"Judge {verdicts['bias']['judge']} (bias, legality, privacy, toxicity, truthfulness; int8)" in outcome.err
    )


def test_judges_of_ones_own_go_before_it(scored, checkpoints, tmp_path):
    write_tiny_judge(tmp_path / "judges" / "mine", checkpoints["bert"], ("toxicity",))
    verdicts, _ = scored("--device", "cpu")
    names = {name: verdict["judge"].partition("@")[0] for name, verdict in verdicts.items()}
    assert names == dict.fromkeys(DIMENSIONS, "guardrank-mini") | {"toxicity": "mine"}


def test_own_judges_of_all_dimensions_leave_it_out(scored, checkpoints, tmp_path):
    write_tiny_judge(tmp_path / "judges" / "mine", checkpoints["bert"], tuple(DIMENSIONS))
    verdicts, outcome = scored("--device", "cpu")
    assert {verdict["judge"].partition("@")[0] for verdict in verdicts.values()} == {"mine"}
    assert "guardrank-mini" not in outcome.err
