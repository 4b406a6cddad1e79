from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.agreement.sample import Bootstrap, Floats, Sample
from guardrank.agreement.statistics import (
    STATISTICS,
    Statistic,
    accuracy,
    alpha_of_coincidences,
    checked_value,
    estimate,
    kappa,
    library_alpha,
    macro_f1,
    majority,
    mean_absolute_error,
    ordinal_alpha,
    spearman,
    weighted_kappa,
)
from guardrank.errors import GuardRankError

# labels 0 0 0 1 1 2, scores 0 0 1 1 0 2
COUNTS = np.array([[2, 1, 0], [1, 1, 0], [0, 0, 1]], np.float64)


def rows_of(counts: Floats) -> Sample:
    """A sample with that confusion matrix, each row a cluster of its own."""
    k = len(counts)
    labels, scores = np.divmod(np.repeat(np.arange(k * k), counts.astype(int).ravel()), k)
    return Sample(labels, scores, np.arange(labels.size), k)


BY_HAND: list[tuple[Callable[[Floats], Floats], float]] = [
    # diagonal 2 + 1 + 1 of 6
    (accuracy, 4 / 6),
    # 2 TP / (labels + scores): 4 / 6, 2 / 4, 2 / 2
    (macro_f1, (4 / 6 + 2 / 4 + 2 / 2) / 3),
    # observed 4/6, expected (3 * 3 + 2 * 2 + 1 * 1) / 36: (24 - 14) / (36 - 14)
    (kappa, 10 / 22),
    # squared distances: observed 2 / 6; expected from margins 3 2 1 and 3 2 1:
    # (2 * (3 * 2 + 2 * 1) * 1 + 2 * 3 * 1 * 4) / 36 = 40 / 36; 1 - (2 / 6) / (40 / 36)
    (weighted_kappa, 0.7),
    # coincidences [[4 2 0] [2 2 0] [0 0 2]], values 6 4 2 of 12, mid-ranks 3 8 11, squared 25 64 9
    # observed 4 * 25 = 100; expected 2 * (6 * 4 * 25 + 6 * 2 * 64 + 4 * 2 * 9) / 11 = 2880 / 11
    (ordinal_alpha, 1 - 100 * 11 / 2880),
    # mid-ranks of the labels 2 2 2 4.5 4.5 6, of the scores 2 2 4.5 4.5 2 6; less 3.5 each:
    # products 2.25 + 2.25 - 1.5 + 1 - 1.5 + 6.25 = 8.75, squares 3 * 2.25 + 2 * 1 + 6.25 = 15 on either side
    (spearman, 8.75 / 15),
    # two rows one class off
    (mean_absolute_error, 2 / 6),
    # label 0 in 3 rows of 6
    (majority(0).formula, 3 / 6),
]


@pytest.mark.parametrize(("formula", "value"), BY_HAND)
def test_by_hand(formula: Callable[[Floats], Floats], value: float) -> None:
    assert formula(COUNTS) == pytest.approx(value)


@pytest.mark.parametrize(("formula", "value"), BY_HAND)
def test_any_stack_of_matrices(formula: Callable[[Floats], Floats], value: float) -> None:
    stack = formula(np.stack([[COUNTS, 3 * np.eye(3)], [COUNTS * 2, COUNTS]]))
    assert stack.shape == (2, 2)
    assert stack[0, 0] == stack[1, 1] == pytest.approx(value)


def documented(labels: list[int], scores: list[int]) -> Sample:
    return Sample(np.array(labels), np.array(scores), np.arange(len(labels)), max(labels + scores) + 1)


@pytest.mark.parametrize(
    ("name", "sample", "value"),
    [
        # accuracy_score: y_true 0 1 2 3, y_pred 0 2 1 3
        ("accuracy", documented([0, 1, 2, 3], [0, 2, 1, 3]), 0.5),
        # f1_score(average="macro"): y_true 0 1 2 0 1 2, y_pred 0 2 1 0 0 1
        ("macro_f1", documented([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]), 0.26666667),
        # cohen_kappa_score: negative positive negative neutral positive, the last one negative
        ("kappa", documented([0, 2, 0, 1, 2], [0, 2, 0, 1, 0]), 0.6875),
        # spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])
        ("spearman", documented([0, 1, 2, 3, 4], [0, 1, 2, 3, 2]), 0.8207826816681233),
        # mean_absolute_error: 3 -0.5 2 7 against 2.5 0 2 8, here doubled and moved up by 1
        ("mae", documented([7, 0, 5, 15], [6, 1, 5, 17]), 2 * 0.5),
    ],
)
def test_the_libraries_own_examples(name: str, sample: Sample, value: float) -> None:
    assert STATISTICS[name].formula(sample.counts) == pytest.approx(value)
    assert STATISTICS[name].library(sample) == pytest.approx(value)


def test_krippendorffs_own_example() -> None:
    # its docstring: four coders, values 1 to 5, alpha 0.815 (ordinal)
    none = 0
    coders = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, none, none, none],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, none, 3],
            [none, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, none],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, none],
        ]
    )
    coincidences = np.zeros((5, 5))
    for unit in coders.T:
        values = unit[unit != none] - 1
        for i, first in enumerate(values):
            for j, second in enumerate(values):
                if i != j:
                    coincidences[first, second] += 1 / (values.size - 1)
    assert round(float(alpha_of_coincidences(coincidences)), 3) == 0.815
    assert round(library_alpha(coders - 1, 5), 3) == 0.815


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40))
def test_every_formula_gives_what_its_library_gives(rows: list[tuple[int, int]]) -> None:
    labels, scores = np.array(rows).T
    sample = Sample(labels, scores, np.arange(len(rows)), 4)
    for name, statistic in (STATISTICS | {"majority": majority(2)}).items():
        value = float(statistic.formula(sample.counts))
        if not np.isnan(value):
            assert value == pytest.approx(statistic.library(sample), abs=1e-9), name


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30).filter(lambda labels: len(set(labels)) > 1))
def test_perfect_agreement(labels: list[int]) -> None:
    counts = np.diag(np.bincount(labels, minlength=4)).astype(np.float64)
    for formula in (accuracy, macro_f1, kappa, weighted_kappa, ordinal_alpha, spearman):
        assert formula(counts) == pytest.approx(1)
    assert mean_absolute_error(counts) == 0


def test_binary_weights_change_nothing() -> None:
    counts = np.array([[40, 7], [5, 20]], np.float64)
    assert weighted_kappa(counts) == pytest.approx(float(kappa(counts)))


def test_a_class_that_never_occurs_is_in_no_mean() -> None:
    counts = np.zeros((4, 4))
    counts[:3, :3] = COUNTS
    assert macro_f1(counts) == pytest.approx(float(macro_f1(COUNTS)))
    assert ordinal_alpha(counts) == pytest.approx(float(ordinal_alpha(COUNTS)))


# every label 0, scores 0 and 1: nothing to tell chance from, only accuracy, alpha and the error have a value
ONE_LABEL = np.array([[4, 2], [0, 0]], np.float64)


@pytest.mark.parametrize(
    ("name", "counts", "reason"),
    [
        ("kappa", ONE_LABEL, "every label is the same"),
        ("weighted_kappa", ONE_LABEL, "every label is the same"),
        ("macro_f1", ONE_LABEL, "every label is the same"),
        ("spearman", ONE_LABEL, "labels or scores are all the same"),
        ("spearman", ONE_LABEL.T, "labels or scores are all the same"),
        ("alpha", np.array([[0.0, 0], [0, 5]]), "labels and scores are all the same"),
    ],
)
def test_undefined_has_a_reason(name: str, counts: Floats, reason: str) -> None:
    sample = rows_of(counts)
    nothing = estimate(STATISTICS[name], sample, sample.resampled(Bootstrap(50)))
    assert (nothing.value, nothing.low, nothing.undefined, nothing.n) == (None, None, reason, sample.n)


def test_a_constant_rater_is_no_better_than_chance() -> None:
    assert kappa(ONE_LABEL.T) == 0
    assert estimate(STATISTICS["accuracy"], rows_of(ONE_LABEL), np.stack([ONE_LABEL])).value == pytest.approx(4 / 6)


def test_a_formula_that_disagrees_with_its_library_stops_the_study() -> None:
    wrong = Statistic(lambda counts: accuracy(counts) + 1e-6, STATISTICS["accuracy"].library, "")
    with pytest.raises(GuardRankError, match="please report"):
        checked_value(wrong.formula, COUNTS, lambda: wrong.library(rows_of(COUNTS)))


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "krippendorff", None)
    with pytest.raises(GuardRankError, match=r"guardrank\[agree\]"):
        checked_value(ordinal_alpha, COUNTS, lambda: STATISTICS["alpha"].library(rows_of(COUNTS)))
