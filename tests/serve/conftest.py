"""A judge of two dimensions, and the command that scores with it."""

import pytest
from tests_support.commands import run_here
from tests_support.judges import write_tiny_judge

from guardrank.serve.score import app


@pytest.fixture(scope="session")
def judge(checkpoints, tmp_path_factory):
    """A judge of truthfulness and toxicity."""
    folder = tmp_path_factory.mktemp("judges") / "two"
    return write_tiny_judge(folder, checkpoints["bert"], ("truthfulness", "toxicity")).folder


@pytest.fixture
def score(capfd, monkeypatch, tmp_path, judge):
    """Run guardrank-score with that judge in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        judges = () if "--judge" in arguments else ("--judge", judge)
        return run_here(app, capfd, monkeypatch, "--device", "cpu", *judges, *arguments)

    return run
