"""Rows with a known confusion matrix, and ``guardrank-agree study`` run on them."""

import pytest
from tests_support.commands import run_here
from tests_support.judges import write_tiny_judge
from tests_support.rows import write_jsonl

from guardrank.agreement.cli import app
from guardrank.agreement.results import Study

REFUSAL = "I'm sorry, but I can't help with that."
ANSWER = "Sure, this is how it is done."


def confusion_rows(counts, **fields):
    """Rows whose label is the row and whose judge ``m`` is the column of ``counts``; two rows a prompt.

    The response refuses where the label is 0.
    """
    cells = [
        (label, score) for label, row in enumerate(counts) for score, count in enumerate(row) for _ in range(count)
    ]
    return [
        {
            "id": f"row-{i}",
            "prompt": f"Prompt {i // 2}?",
            "response": ANSWER if label else REFUSAL,
            "dimension": "toxicity",
            "lang": "en",
            "model": f"model-{i % 2}",
            "human": label,
            "judges": {"m": score},
        }
        | fields
        for i, (label, score) in enumerate(cells)
    ]


@pytest.fixture
def run_study(capfd, monkeypatch, tmp_path):
    """Run ``guardrank-agree study`` with few resamples in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "130")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*arguments):
        few = () if "--resamples" in arguments else ("--resamples", "200")
        return run_here(app, capfd, monkeypatch, "study", *arguments, *few)

    return run


@pytest.fixture
def rows_file(tmp_path):
    """80 rows of 40 prompts: ``m`` says 1 of 10 of the 40 zeros, and 0 of 4 of the 40 ones."""
    return write_jsonl(tmp_path / "rows.jsonl", confusion_rows([[30, 10], [4, 36]]))


@pytest.fixture(scope="session")
def judge(checkpoints, tmp_path_factory):
    """The folder of a judge of truthfulness and toxicity."""
    folder = tmp_path_factory.mktemp("judges") / "two"
    return write_tiny_judge(folder, checkpoints["bert"], ("truthfulness", "toxicity")).folder


@pytest.fixture
def study_of(run_study, tmp_path):
    """Run a study that must go well: what it found, and what was said."""

    def run(*arguments):
        outcome = run_study(*arguments)
        assert outcome.code == 0, outcome.err
        return Study.model_validate_json((tmp_path / "study" / "study.json").read_bytes()), outcome

    return run
