from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from guardrank.metrics import Estimate, mean_of_parts, wilson_interval
from guardrank.metrics.intervals import effective_size, mean_estimate, t_quantile


def test_rows_without_clusters_give_plain_wilson() -> None:
    # p = 3/10, n = 10, z = 1.959964, z^2 = 3.841459
    # centre = (0.3 + 3.841459 / 20) / (1 + 0.3841459) = 0.4920729 / 1.3841459 = 0.3555065
    # half = 1.959964 / 1.3841459 * sqrt(0.3 * 0.7 / 10 + 3.841459 / 400) = 1.416010 * 0.1749391 = 0.2477155
    low, high = wilson_interval([1, 1, 1] + [0] * 7)
    assert (low, high) == pytest.approx((0.1077910, 0.6032220), abs=1e-5)


def test_every_row_its_own_cluster_is_the_same_as_none() -> None:
    values = np.array([0, 1, 1, 0, 1, 2 / 3])
    assert wilson_interval(values, np.arange(6)) == pytest.approx(wilson_interval(values))


def test_clusters_of_equal_rows_count_once_each() -> None:
    # 40 clusters of 5 equal rows, half of them 1. Residuals sum to +-2.5 in each cluster:
    # variance = 40 * 6.25 / 200^2 * 40/39 = 0.00641026; n_eff = 0.25 / 0.00641026 * 200/199 = 39.19598;
    # few clusters: * (t(199) / t(39))^2 = (1.971957 / 2.022691)^2 = 0.950465 -> 37.2544
    # centre 0.5; half = z / (1 + z^2/n) * sqrt(0.25/n + z^2/(4 n^2)) = 0.152857
    values = np.repeat([0, 1], 100)
    low, high = wilson_interval(values, np.repeat(np.arange(40), 5))
    n = 37.2544
    half = 1.959964 / (1 + 3.841459 / n) * np.sqrt(0.25 / n + 3.841459 / (4 * n**2))
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-5)


@pytest.mark.parametrize("value", [0.0, 1.0, 1 / 3])
def test_without_any_variance_the_clusters_are_counted(value: float) -> None:
    ten_clusters = wilson_interval([value] * 40, np.repeat(np.arange(10), 4))
    assert ten_clusters == pytest.approx(_wilson(value, 10))
    assert wilson_interval([value] * 40, ["only"] * 40) == pytest.approx(_wilson(value, 1))


def test_one_cluster_counts_as_one_row() -> None:
    assert wilson_interval([0, 1, 1, 1], ["a"] * 4) == pytest.approx(_wilson(0.75, 1))


def _wilson(p: float, n: float) -> tuple[float, float]:
    z2 = 3.8414588
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2) / (1 + z2 / n) * np.sqrt(p * (1 - p) / n + z2 / (4 * n**2))
    return max(centre - half, 0), min(centre + half, 1)


def test_the_effective_size() -> None:
    values = [0.0, 1.0] * 50
    assert effective_size(values) == pytest.approx(100)
    # a hundred rows that say one thing twice are fifty, less a little as fifty leave their variance less certain
    assert effective_size(np.repeat(values[:50], 2), np.repeat(np.arange(50), 2)) == pytest.approx(50, rel=0.05)
    assert effective_size([0.0] * 6, list("aabbcc")) == 3


def test_names_and_numbers_of_clusters_do_not_matter() -> None:
    values = [0, 1, 1, 0, 1, 0, 0]
    numbers = np.array([7, 7, -3, 2**62, 2**62, 0, 0])
    names = ["g", "g", None, ("a", 1), ("a", 1), "z", "z"]
    assert wilson_interval(values, numbers) == pytest.approx(wilson_interval(values, names))


@pytest.mark.parametrize(
    ("values", "clusters", "says"),
    [
        ([], None, "at least one value"),
        ([0.5, 1.5], None, "must lie in"),
        ([0.5, float("nan")], None, "must lie in"),
        ([0, 1], ["a"], "1 clusters for 2 values"),
    ],
)
def test_what_is_no_sample(values: list[float], clusters: list[str] | None, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        wilson_interval(values, clusters)


def _sample(rng: np.random.Generator, p: float, m: int, size: int, icc: float) -> NDArray[np.float64]:
    """Rates of m clusters with mean ``p`` (beta distributed, intraclass correlation icc), one a row."""
    spread = 1 / icc - 1 if icc else np.inf
    rates = rng.beta(p * spread, (1 - p) * spread, m) if icc else np.full(m, p)
    return np.repeat(rates, size)


@pytest.mark.parametrize("top", [1, 3])
@pytest.mark.parametrize(
    ("p", "m", "size", "icc"),
    [
        *product([0.1, 0.3, 0.5, 0.8], [50, 200], [5], [0.0, 0.1, 0.5]),
        *product([0.3, 0.6], [20], [2, 10], [0.1, 0.3]),
        (0.05, 200, 20, 0.3),
        (0.9, 300, 1, 0.0),
    ],
)
def test_the_interval_covers_the_mean(top: int, p: float, m: int, size: int, icc: float) -> None:
    rng = np.random.default_rng([top, m, size, int(100 * p), int(100 * icc)])
    clusters = np.repeat(np.arange(m), size)
    repeats = 600
    covered = 0
    for _ in range(repeats):
        low, high = wilson_interval(rng.binomial(top, _sample(rng, p, m, size, icc)) / top, clusters)
        covered += low <= p <= high
    assert 0.92 <= covered / repeats <= 0.98


def test_a_million_rows_take_no_second() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, 1_000_000) / 3
    clusters = rng.integers(-(2**63), 2**63 - 1, 200_000)[rng.integers(0, 200_000, 1_000_000)]
    start = time.process_time()
    wilson_interval(values, clusters)
    assert time.process_time() - start < 1


@given(st.lists(st.tuples(st.sampled_from([0.0, 1 / 3, 2 / 3, 1.0]), st.integers(0, 4)), min_size=1))
def test_the_interval_holds_the_mean_and_ignores_the_order(rows: list[tuple[float, int]]) -> None:
    values, clusters = map(list, zip(*rows, strict=True))
    low, high = wilson_interval(values, clusters)
    assert 0 <= low <= np.mean(values) + 1e-12
    assert np.mean(values) - 1e-12 <= high <= 1
    assert wilson_interval(values[::-1], clusters[::-1]) == pytest.approx((low, high))


def test_quantiles_of_students_t() -> None:
    stats = pytest.importorskip("scipy.stats")
    for df in [*range(1, 40), 100, 1000]:
        assert t_quantile(df) == pytest.approx(stats.t.ppf(0.975, df), abs=1e-3)


def test_nothing_to_average_is_undefined() -> None:
    assert mean_estimate([], if_empty="no scores") == Estimate(None, 0, undefined="no scores")


def test_mean_of_parts() -> None:
    # mean = (0.2 + 0.6) / 2 = 0.4; below: sqrt(0.1^2 + 0.2^2) / 2 = 0.1118034; above: sqrt(0.3^2 + 0.1^2) / 2
    parts = [Estimate(0.2, 10, 0.1, 0.5), Estimate(0.6, 30, 0.4, 0.7)]
    mean = mean_of_parts(parts)
    assert mean.n == 40
    assert (mean.value, mean.low, mean.high) == pytest.approx((0.4, 0.2881966, 0.5581139))


def test_the_mean_of_one_part_is_that_part() -> None:
    part = Estimate(0.25, 10, 0.125, 0.5)
    assert mean_of_parts([part]) == part


def test_an_undefined_part_makes_the_mean_undefined() -> None:
    assert mean_of_parts([Estimate(0.5, 3), Estimate.nothing("no scores")]).undefined == "no scores"
    assert mean_of_parts([]).undefined == "no parts"
    assert mean_of_parts([Estimate(0.5, 3), Estimate(0.7, 1)]).low is None
