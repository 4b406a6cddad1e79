from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from guardrank.agreement.agreement_figures import FIGURES, agreement
from guardrank.agreement.ceiling import human_ceiling
from guardrank.agreement.sample import Bootstrap, Ints, Sample

QUICK = Bootstrap(200)
N = -1


def columns(*annotators: list[int]) -> Ints:
    return np.array(annotators, np.int64).T


def test_two_annotators_by_hand() -> None:
    # both labelled the first four rows: 3 of 4 agree; margins 2 2 and 1 3, expected (2 + 6) / 16: (.75 - .5) / .5
    both = columns([0, 0, 1, 1, 0, N, N], [0, 1, 1, 1, N, 1, N])
    (pair,) = human_ceiling(["ann", "ben"], both, np.arange(7), 2, QUICK)
    assert (pair.rater, pair.n, pair.missing, pair.clusters, pair.positives) == ("ann / ben", 4, 2, 4, 2)
    assert pair.kappa.value == pytest.approx(0.5)
    assert pair.confusion == [[1, 1], [0, 2]]
    assert pair.undecided == "4 clusters (30 are needed), 2 positives (20 are needed)"


def test_a_pair_is_the_agreement_of_one_with_the_other() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (200, 2))
    (pair,) = human_ceiling(["ann", "ben"], labels, np.arange(200) // 4, 3, QUICK)
    assert pair == agreement("ann / ben", Sample(labels[:, 0], labels[:, 1], np.arange(200) // 4, 3), QUICK)


def test_krippendorffs_own_example() -> None:
    # the package's docstring: four coders, ordinal, 0.815
    coders = columns(
        [0, 1, 2, 2, 1, 0, 3, 0, 1, N, N, N],
        [0, 1, 2, 2, 1, 1, 3, 0, 1, 4, N, 2],
        [N, 2, 2, 2, 1, 2, 3, 1, 1, 4, 0, N],
        [0, 1, 2, 2, 1, 3, 3, 0, 1, 4, 0, N],
    )
    *pairs, everyone = human_ceiling(["A", "B", "C", "D"], coders, np.arange(12), 5, QUICK)
    assert [pair.rater for pair in pairs] == ["A / B", "A / C", "A / D", "B / C", "B / D", "C / D"]
    assert everyone.rater == "all 4 annotators"
    assert everyone.alpha.value == pytest.approx(0.815, abs=0.0005)
    # every unit but the last has two labels or more; A and C, with 8 rows in common, have the fewest positives
    assert (everyone.n, everyone.missing, everyone.clusters) == (11, 1, 11)
    assert everyone.positives == min(pair.positives for pair in pairs)
    for name in FIGURES:
        if name != "alpha":
            mean = np.mean([getattr(pair, name).value for pair in pairs])
            assert getattr(everyone, name).value == pytest.approx(mean), name
    assert everyone.confusion == np.sum([pair.confusion for pair in pairs], axis=0).tolist()


def test_the_mean_of_three_is_surer_than_a_pair() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 300)
    three = np.stack([truth ^ (rng.random(300) < 0.2) for _ in range(3)], axis=1)
    *pairs, everyone = human_ceiling(["a", "b", "c"], three, np.arange(300) // 3, 2, QUICK)
    widths = [line.kappa.high - line.kappa.low for line in (*pairs, everyone)]
    assert widths[-1] < min(widths[:-1])
    assert everyone.undecided is None
    # three binary annotators: alpha over all is all but the mean of the kappas
    assert everyone.alpha.value == pytest.approx(everyone.kappa.value, abs=0.01)
    assert everyone.alpha.low == pytest.approx(everyone.kappa.low, abs=0.02)


def test_order_of_rows_and_names_of_clusters_change_nothing() -> None:
    rng = np.random.default_rng(2)
    four, clusters = rng.integers(-1, 3, (120, 4)), rng.integers(0, 40, 120)
    names = ["a", "b", "c", "d"]
    shuffled, renamed = rng.permutation(120), rng.permutation(40)
    again = human_ceiling(names, four[shuffled], renamed[clusters[shuffled]], 3, QUICK)
    found = human_ceiling(names, four, clusters, 3, QUICK)
    assert again[:-1] == found[:-1]
    for name in FIGURES:
        # sums of thirds may differ in the last bit, other resamples would in the third digit
        before, after = (astuple(getattr(lines[-1], name))[:4] for lines in (found, again))
        assert after == pytest.approx(before, abs=1e-12), name


def test_annotators_without_a_row_in_common_are_no_pair() -> None:
    apart = columns([0, 1, N, N], [N, N, 0, 1], [0, 1, 0, 0])
    lines = human_ceiling(["a", "b", "c"], apart, np.arange(4), 2, QUICK)
    assert [line.rater for line in lines] == ["a / c", "b / c", "all 3 annotators"]
    assert human_ceiling(["a", "b"], apart[:, :2], np.arange(4), 2, QUICK) == []
    assert human_ceiling(["a"], apart[:, :1], np.arange(4), 2, QUICK) == []
    assert human_ceiling([], apart[:, :0], np.arange(4), 2, QUICK) == []


def test_a_pair_without_a_kappa_leaves_the_mean_without() -> None:
    *_, everyone = human_ceiling(
        ["a", "b", "c"], columns([0, 0, 0, N], [0, 1, 0, 1], [0, 1, 1, 1]), np.arange(4), 2, QUICK
    )
    assert everyone.kappa.undefined == "a / b: every label is the same"
    assert everyone.accuracy.value == pytest.approx((2 / 3 + 1 / 3 + 3 / 4) / 3)
    assert everyone.alpha.value is not None
