from __future__ import annotations

import numpy as np
import pytest

from guardrank.agreement.favour import favour
from guardrank.agreement.sample import Bootstrap, Sample

QUICK = Bootstrap(300)


def test_by_hand() -> None:
    # score - label: gpt4 -1 0 -2, claude 1 0, one row names no model
    labels = np.array([1, 2, 3, 0, 2, 3])
    scores = np.array([0, 2, 1, 1, 2, 0])
    models = ["gpt4", "gpt4", "gpt4", "claude", "claude", None]
    claude, gpt4 = favour("gpt-4", Sample(labels, scores, np.array([0, 1, 2, 0, 1, 2]), 4), models, QUICK)
    assert (gpt4.rater, gpt4.model, gpt4.n, gpt4.clusters, gpt4.own_family) == ("gpt-4", "gpt4", 3, 3, True)
    assert gpt4.bias.value == pytest.approx(-1)
    assert gpt4.relative.value == pytest.approx(-1 - 0.5)
    assert (claude.model, claude.own_family, claude.bias.value) == ("claude", False, pytest.approx(0.5))
    assert claude.relative.value == pytest.approx(1.5)
    assert gpt4.undecided == "3 clusters (30 are needed), 3 positives (20 are needed)"


def test_no_model_and_one_model() -> None:
    sample = Sample(np.array([0, 1]), np.array([1, 1]), np.arange(2), 2)
    assert favour("judge", sample, [None, None], QUICK) == []
    (only,) = favour("judge", sample, ["a", "a"], QUICK)
    assert (only.bias.value, only.relative.value, only.relative.undefined) == (0.5, None, "no other models")


def test_a_rater_without_an_error_has_no_interval() -> None:
    labels = np.arange(80) % 2
    first, _ = favour("judge", Sample(labels, labels, np.arange(80) // 2, 2), ["a", "b"] * 40, QUICK)
    assert (first.bias.value, first.bias.low) == (0, None)


def _lenient(rng: np.random.Generator) -> tuple[Sample, list[str]]:
    """Three models answer 60 prompts twice; the rater passes 30 % of all bad answers, and 50 % of a's."""
    clusters = np.repeat(np.arange(60), 6)
    models = ["a", "b", "c"] * 120
    labels = (rng.random(360) < 0.5).astype(np.int64)
    passes = np.where(np.array(models) == "a", 0.5, 0.3)
    scores = labels * (rng.random(360) >= passes)
    return Sample(labels, scores, clusters, 2), models


def test_lenience_with_all_is_no_favour() -> None:
    sample, models = _lenient(np.random.default_rng(1))
    a, b, c = favour("judge", sample, models, Bootstrap(1000))
    for one in (a, b, c):
        assert one.bias.high is not None and one.bias.high < 0
        assert one.undecided is None
    assert a.relative.high is not None and a.relative.high < 0
    assert b.relative.value is not None and b.relative.value > a.relative.value


def test_intervals_cover() -> None:
    # half of the answers are bad: bias of a -0.25, of the others -0.15, relative -0.1
    rng = np.random.default_rng(2)
    held = []
    for _ in range(100):
        a, b, _ = favour("judge", *_lenient(rng), QUICK)
        truths = ((a.bias, -0.25), (a.relative, -0.1), (b.bias, -0.15))
        held.append([low <= truth <= high for (low, high), truth in (((e.low, e.high), t) for e, t in truths)])
    assert (np.mean(held, axis=0) > 0.88).all()


def test_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    sample, models = _lenient(rng)
    shuffled = rng.permutation(360)
    again = favour("judge", sample.only(shuffled), [models[i] for i in shuffled], QUICK)
    assert again == favour("judge", sample, models, QUICK)
