"""Bars chosen on the other folds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from guardrank.train.cross_thresholds import decide_across_folds


def lines(chances, score=0):
    return [{"id": str(i), "score": score, "probs": [1 - chance, chance]} for i, chance in enumerate(chances)]


def scores(decided):
    return [line["score"] for line in decided]


def test_a_fold_is_decided_by_the_bars_of_the_others():
    # In fold 1 the labels part at 0.3, in fold 0 at 0.7: each takes the other's bar.
    chances = [0.1, 0.2, 0.4, 0.5, 0.6, 0.65, 0.75, 0.8, 0.9, 0.95] * 2
    labels = [int(c > 0.7) for c in chances[:10]] + [int(c > 0.3) for c in chances[10:]]
    decided = decide_across_folds(lines(chances * 3), labels * 3, ([0] * 10 + [1] * 10) * 3, [None] * 60)
    assert scores(decided)[:10] == [int(c > 0.3) for c in chances[:10]]
    assert scores(decided)[10:20] == [int(c > 0.7) for c in chances[10:]]


def test_failures_stay_failures_and_take_no_part():
    rows = lines([0.1, 0.9] * 12)
    rows[3] = {"id": "3", "score": None, "probs": None, "error": "unsupported_dimension"}
    decided = decide_across_folds(rows, [0, 1] * 12, [0, 0, 1, 1] * 6, ["bias"] * 24)
    assert decided[3] == rows[3]
    assert scores(decided)[4:] == [0, 1] * 10


def test_groups_have_bars_of_their_own():
    chances = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95] * 8
    low, high = [int(c > 0.25) for c in chances], [int(c > 0.75) for c in chances]
    folds = [0] * 40 + [1] * 40
    decided = decide_across_folds(lines(chances * 2), low + high, folds * 2, ["bias"] * 80 + ["toxicity"] * 80)
    assert scores(decided) == low + high


@given(st.lists(st.booleans(), min_size=40, max_size=40), st.integers(0, 39))
def test_a_rows_own_label_never_decides_it(labels, row):
    chances = np.random.default_rng(0).random(40).round(3).tolist()
    folds = [i % 4 for i in range(40)]
    flipped = [not label if i == row else label for i, label in enumerate(labels)]
    one, other = (
        decide_across_folds(lines(chances), [int(x) for x in given_labels], folds, [None] * 40)
        for given_labels in (labels, flipped)
    )
    same_fold = [i for i in range(40) if folds[i] == folds[row]]
    assert [one[i] for i in same_fold] == [other[i] for i in same_fold]
