from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.agreement.sample import Bootstrap, Sample, cluster_codes, why_undecided

ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 6)), min_size=1, max_size=40)


def sample_of(rows: list[tuple[int, int, int]], classes: int = 3) -> Sample:
    return Sample(*np.array(rows, np.int64).reshape(-1, 3).T, classes)


def test_one_confusion_matrix_a_cluster() -> None:
    # cluster 9 holds (0, 0) and (0, 1), cluster 4 holds (1, 1) twice; 4 comes first
    sample = Sample(np.array([0, 1, 0, 1]), np.array([0, 1, 1, 1]), np.array([9, 4, 9, 4]), 2)
    assert sample.matrices.tolist() == [[[0, 0], [0, 2]], [[1, 1], [0, 0]]]
    assert sample.counts.tolist() == [[1, 1], [0, 2]]
    assert (sample.n, sample.cluster_count, sample.positives) == (4, 2, 2)


def test_no_rows() -> None:
    sample = sample_of([])
    assert (sample.n, sample.cluster_count, sample.positives) == (0, 0, 0)
    assert sample.counts.tolist() == [[0, 0, 0]] * 3


@pytest.mark.parametrize(
    ("labels", "scores", "clusters", "says"),
    [
        ([0, 3], [0, 0], [0, 0], "0 to 2"),
        ([0, 0], [0, -1], [0, 0], "0 to 2"),
        ([0, 0], [0], [0, 0], "labels"),
        ([0, 0], [0, 0], [0], "clusters"),
    ],
)
def test_what_is_no_sample(labels: list[int], scores: list[int], clusters: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Sample(np.array(labels), np.array(scores), np.array(clusters), 3)


def test_every_resample_draws_as_many_clusters_as_there_are() -> None:
    # one row a cluster: any resample has 5,000 rows; 1,000 resamples take several blocks
    rng = np.random.default_rng(0)
    sample = Sample(rng.integers(0, 3, 5000), rng.integers(0, 3, 5000), np.arange(5000), 3)
    resampled = sample.resampled(Bootstrap(1000))
    assert resampled.shape == (1000, 3, 3)
    assert (resampled.sum(axis=(1, 2)) == 5000).all()
    assert len(np.unique(resampled.reshape(1000, -1), axis=0)) > 990


@pytest.mark.parametrize("kinds", [4, 200])
def test_sums_spread_as_those_of_drawn_clusters_do(kinds: int) -> None:
    # m independent draws of x: their sum has mean m * mean(x) and variance m * var(x), however it is drawn
    # (4 kinds of 200 clusters: a multinomial; 200 kinds: one by one), and two columns keep their covariance
    rng = np.random.default_rng(1)
    x = rng.normal(size=(kinds, 2))
    columns = np.column_stack([x[:, 0], x.sum(axis=1)])[np.arange(200) % kinds]
    sums = Bootstrap(20_000).sums(columns)
    assert sums.mean(axis=0) == pytest.approx(columns.sum(axis=0), abs=0.5)
    assert np.cov(sums.T) == pytest.approx(200 * np.cov(columns.T, bias=True), rel=0.06, abs=3)


def test_the_seed_decides() -> None:
    columns = np.arange(50.0)[:, None]
    assert (Bootstrap(100, 3).sums(columns) == Bootstrap(100, 3).sums(columns)).all()
    assert (Bootstrap(100, 3).sums(columns) != Bootstrap(100, 4).sums(columns)).any()


@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_clusters_change_nothing(rows: list[tuple[int, int, int]], random) -> None:
    resampled = sample_of(rows).resampled(Bootstrap(50))
    names = random.sample(range(1000), 7)
    renamed = [(label, score, names[cluster]) for label, score, cluster in rows]
    random.shuffle(renamed)
    assert (sample_of(renamed).resampled(Bootstrap(50)) == resampled).all()


def test_a_subset_keeps_the_codes_of_its_clusters() -> None:
    sample = sample_of([(0, 0, 5), (1, 2, 8), (2, 2, 5)])
    part = sample.only(np.array([False, True, True]))
    assert (part.labels.tolist(), part.scores.tolist(), part.clusters.tolist()) == ([1, 2], [2, 2], [8, 5])
    assert part.cluster_count == 2


def test_cluster_codes_rank_the_names() -> None:
    assert cluster_codes(["b", "", "b", "一"]).tolist() == [1, 0, 1, 2]
    assert cluster_codes([]).tolist() == []


@pytest.mark.parametrize(
    ("clusters", "positives", "reason"),
    [
        (30, 20, None),
        (17, 25, "17 clusters (30 are needed)"),
        (40, 12, "12 positives (20 are needed)"),
        (1, 1, "1 cluster (30 are needed), 1 positive (20 are needed)"),
    ],
)
def test_what_is_too_small_to_conclude_from(clusters: int, positives: int, reason: str | None) -> None:
    labels = (np.arange(60) < positives).astype(np.int64)
    assert why_undecided(Sample(labels, labels, np.arange(60) % clusters, 2)) == reason
