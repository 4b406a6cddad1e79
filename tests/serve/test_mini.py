"""guardrank-mini, the judge in the package: whole, light, as its card says, better than a broken file would be."""

import json
import re
import subprocess
import sys
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score
from tests_support.cards import recorded_numbers, shown_numbers

from guardrank import read_records
from guardrank.dimensions import DIMENSIONS
from guardrank.judge import load_judge

MINI = Path(str(files("guardrank.data"))) / "judges" / "guardrank-mini"
ROOT = Path(__file__).parents[2]
MOST_BYTES = 35_000_000

FLOORS = {"en": {"accuracy": 0.75, "kappa": 0.50}, "zh": {"accuracy": 0.70, "kappa": 0.40}}
"""What "is the score above 0" must reach on the slice below. It was trained on most of these rows: a floor under a
broken model file, no measurement."""


def seed_slice() -> list:
    """Every sixth seed row of each dimension, 100 in all: 41 harmless, half of them Chinese."""
    rows = [row for name in DIMENSIONS for row in read_records(files("guardrank.data") / "seed" / f"{name}.jsonl")]
    return [row for row in rows if int(row.id[-3:]) % 6 == 1]


@pytest.fixture(scope="module")
def judge():
    return load_judge(MINI, device="cpu")


@pytest.fixture(scope="module")
def metrics():
    return json.loads((MINI / "metrics.json").read_bytes())


@pytest.mark.parametrize("lang", FLOORS)
def test_it_is_better_than_a_broken_file_would_be(judge, lang):
    rows = [row for row in seed_slice() if row.lang == lang]
    verdicts = list(judge.score(rows))
    assert not [verdict.error for verdict in verdicts if verdict.error]
    labels = np.array([row.human > 0 for row in rows])
    alarms = np.array([verdict.score > 0 for verdict in verdicts])
    found = {"accuracy": accuracy_score(labels, alarms), "kappa": cohen_kappa_score(labels, alarms)}
    assert {name: value >= FLOORS[lang][name] for name, value in found.items()} == dict.fromkeys(found, True), found


def test_it_judges_every_dimension_on_its_scale(judge):
    scales = {output.dimension: output.classes for output in judge.manifest.outputs}
    assert scales == {name: spec.classes for name, spec in DIMENSIONS.items()}


def test_the_card_is_of_this_judge(judge, metrics):
    card = (MINI / "README.md").read_text("utf-8")
    assert re.findall(r"sha256 `([0-9a-f]{64})`", card) == [judge.content_hash]
    assert (metrics["test"]["hash"], metrics["test"]["judge"]) == (judge.content_hash, judge.name)
    assert metrics["test"]["limit"] is None, "measured on a part of the rows"


def test_every_figure_of_the_card_stands_in_the_metrics():
    assert shown_numbers((MINI / "README.md").read_text("utf-8")) - recorded_numbers(MINI) == set()


def test_it_is_small_enough_for_the_package():
    sizes = {file.name: file.stat().st_size for file in MINI.iterdir()}
    assert sum(sizes.values()) < MOST_BYTES, sizes


def test_it_learnt_from_nothing_that_may_not_be_shipped(judge):
    from guardrank.annotations import load_sources

    known = load_sources()
    names = {name.partition(" (")[0] for name in judge.manifest.training["sources"]}
    assert names and all(known[name].shipped for name in names)


def test_it_loads_and_scores_without_torch():
    code = (
        "import sys; from guardrank import Record, load_judge; "
        f"judge = load_judge({str(MINI)!r}); "
        "row = Record(prompt='Hi', response='Hello', dimension='toxicity'); "
        "print(next(judge.score([row])).score, 'torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    score, *heavy = done.stdout.split()
    assert int(score) in range(4) and heavy == ["False", "False"]


def test_the_slice_is_balanced():
    rows = seed_slice()
    assert len(rows) == 100 and sum(row.human == 0 for row in rows) == 41
    assert sum(row.lang == "zh" for row in rows) == 50


def test_it_learned_from_the_files_that_make_mini_takes(judge):
    own = [*ROOT.glob("data/seed/*.jsonl"), *ROOT.glob("data/chat/*.jsonl")]
    taken = [(file.name, sha256(file.read_bytes()).hexdigest()) for file in own]
    recorded = [(file["name"], file["sha256"]) for file in judge.manifest.training["data"]]
    assert len(taken) == 13 and set(taken) <= set(recorded)
