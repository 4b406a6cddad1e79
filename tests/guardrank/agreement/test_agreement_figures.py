from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.agreement.agreement_figures import FIGURES, agreement
from guardrank.agreement.sample import Bootstrap, Floats, Ints, Sample
from guardrank.metrics import Estimate, wilson_interval

QUICK = Bootstrap(200)
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 9)), min_size=1, max_size=40)


def sample_of(rows: list[tuple[int, int, int]]) -> Sample:
    return Sample(*np.array(rows, np.int64).T, 3)


def test_by_hand() -> None:
    # the six rows of test_statistics, in three clusters
    rows = [(0, 0, 7), (0, 0, 7), (0, 1, 3), (1, 1, 3), (1, 0, 3), (2, 2, 1)]
    found = agreement("judge", sample_of(rows), QUICK, missing=4)
    assert (found.rater, found.n, found.missing, found.clusters, found.positives) == ("judge", 6, 4, 3, 3)
    assert found.undecided == "3 clusters (30 are needed), 3 positives (20 are needed)"
    assert found.confusion == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]
    by_hand = {
        "majority": 1 / 2,
        "accuracy": 2 / 3,
        "macro_f1": 13 / 18,
        "kappa": 10 / 22,
        "weighted_kappa": 0.7,
        "alpha": 1 - 1100 / 2880,
        "spearman": 8.75 / 15,
        "mae": 1 / 3,
    }
    assert {name: getattr(found, name).value for name in FIGURES} == pytest.approx(by_hand)
    assert all(getattr(found, name).n == 6 for name in FIGURES)


def test_no_rows() -> None:
    found = agreement("judge", Sample(*np.empty((3, 0), np.int64), 3), QUICK, missing=9)
    assert (found.n, found.missing, found.clusters, found.confusion) == (0, 9, 0, [[0, 0, 0]] * 3)
    assert all(getattr(found, name) == Estimate.nothing("no rows with a label and a score") for name in FIGURES)


def test_a_perfect_rater_has_wilsons_interval_of_accuracy_and_no_other() -> None:
    labels, clusters = np.arange(80) % 2, np.arange(80) // 2
    found = agreement("judge", Sample(labels, labels, clusters, 2), QUICK)
    low, high = wilson_interval(labels == labels, clusters)
    assert (found.accuracy.value, found.accuracy.low, found.accuracy.high) == (1, low, high)
    assert (found.kappa.value, found.kappa.low) == (1, None)
    assert (found.mae.value, found.mae.low) == (0, None)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_clusters_change_nothing(rows: list[tuple[int, int, int]], random) -> None:
    names = random.sample(range(100), 10)
    renamed = [(label, score, names[cluster]) for label, score, cluster in rows]
    random.shuffle(renamed)
    assert agreement("judge", sample_of(rows), QUICK) == agreement("judge", sample_of(renamed), QUICK)


def test_the_seed_decides() -> None:
    sample = _prompts_of_ten(np.random.default_rng(0))
    first, again, other = (agreement("judge", sample, Bootstrap(200, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.kappa.value == other.kappa.value
    assert first.kappa.low != other.kappa.low


def _prompts_of_ten(rng: np.random.Generator, prompts: int = 60) -> Sample:
    """A judge that is wrong in a fifth of all rows, but on some prompts mostly and on others never."""
    clusters = np.repeat(np.arange(prompts), 10)
    labels = (rng.random(clusters.size) < 0.4).astype(np.int64)
    wrong = rng.random(clusters.size) < rng.beta(0.3, 1.2, prompts)[clusters]
    return Sample(labels, labels ^ wrong, clusters, 2)


def _covered(clusters_of: str) -> Floats:
    """Share of 200 studies whose interval holds the truth: of accuracy and of kappa."""
    # accuracy 0.8; labels positive 0.4, scores 0.4 * 0.8 + 0.6 * 0.2 = 0.44:
    # expected 0.4 * 0.44 + 0.6 * 0.56 = 0.512, kappa (0.8 - 0.512) / (1 - 0.512)
    truth = {"accuracy": 0.8, "kappa": 0.288 / 0.488}
    rng = np.random.default_rng(7)
    held = np.zeros((200, 2))
    for study in held:
        sample = _prompts_of_ten(rng)
        clusters: Ints = sample.clusters if clusters_of == "prompts" else np.arange(sample.n)
        found = agreement("judge", Sample(sample.labels, sample.scores, clusters, 2), Bootstrap(300))
        for i, (name, value) in enumerate(truth.items()):
            estimate: Estimate = getattr(found, name)
            assert estimate.low is not None and estimate.high is not None
            study[i] = estimate.low <= value <= estimate.high
    return held.mean(axis=0)


def test_intervals_cover_the_truth_where_rows_of_a_prompt_are_alike() -> None:
    assert (_covered("prompts") > 0.88).all()


def test_intervals_over_rows_would_not() -> None:
    assert (_covered("rows") < 0.8).all()
