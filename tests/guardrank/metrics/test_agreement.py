from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from guardrank.metrics import quadratic_weighted_kappa

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)


def test_kappa_by_hand() -> None:
    # labels 0 1 2 3, scores 0 1 2 2: observed (0 + 0 + 0 + 1) / 4 = 0.25
    # expected: var(labels) 1.25 + var(scores) 0.6875 + (1.5 - 1.25)^2 0.0625 = 2 -> 1 - 0.125
    assert quadratic_weighted_kappa([0, 1, 2, 3], [0, 1, 2, 2], 4).value == pytest.approx(0.875)


def test_an_interval_agrees_with_what_lies_in_it() -> None:
    # (1, 3) against 2 stands for 2, against 0 for 1: labels 2 1 0, scores 2 0 0
    # observed 1/3; expected 2/3 + 8/9 + (1 - 2/3)^2 = 5/3 -> 1 - 1/5
    kappa = quadratic_weighted_kappa([(1, 3), (1, 3), (0, 0)], [2, 0, 0], 4)
    assert kappa.value == pytest.approx(0.8)
    assert kappa.n == 3


def test_intervals_of_one_score_are_exact_labels() -> None:
    exact, scores = [0, 1, 3, 2], [1, 1, 3, 0]
    pairs = [(label, label) for label in exact]
    assert quadratic_weighted_kappa(pairs, scores, 4) == quadratic_weighted_kappa(exact, scores, 4)


@given(ROWS)
def test_exact_labels_give_what_scikit_learn_gives(rows: list[tuple[int, int]]) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    labels, scores = map(list, zip(*rows, strict=True))
    ours = quadratic_weighted_kappa(labels, scores, 4).value
    if ours is None:
        assert len({*labels, *scores}) == 1
    else:
        theirs = sklearn.cohen_kappa_score(labels, scores, weights="quadratic", labels=[0, 1, 2, 3])
        assert ours == pytest.approx(theirs)


@given(ROWS)
def test_the_order_does_not_matter(rows: list[tuple[int, int]]) -> None:
    labels, scores = map(list, zip(*rows, strict=True))
    forward = quadratic_weighted_kappa(labels, scores, 4).value
    assert quadratic_weighted_kappa(labels[::-1], scores[::-1], 4).value == pytest.approx(forward)


def test_undefined_without_labels_or_without_disagreement_to_expect() -> None:
    assert quadratic_weighted_kappa([], [], 4).undefined == "no labels"
    assert quadratic_weighted_kappa(np.empty((0, 2)), [], 4).undefined == "no labels"
    assert quadratic_weighted_kappa([2, 2], [2, 2], 4).undefined == "labels and scores are all the same"


@pytest.mark.parametrize(
    ("labels", "scores", "says"),
    [
        ([0, 4], [0, 1], "integers in 0 to 3"),
        ([0, 1], [0, -1], "integers in 0 to 3"),
        ([0, 0.5], [0, 1], "integers in 0 to 3"),
        ([0, 1, 2], [0, 1], "labels for"),
        ([(3, 1)], [0], "runs backwards"),
        ([(0, 1, 2)], [0], "shape"),
    ],
)
def test_what_is_no_scale(labels: ArrayLike, scores: ArrayLike, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        quadratic_weighted_kappa(labels, scores, 4)
