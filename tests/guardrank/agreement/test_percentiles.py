from __future__ import annotations

import numpy as np
import pytest

from guardrank.agreement.percentiles import percentile_estimate, percentiles, ratio, with_wilson
from guardrank.metrics import Estimate, wilson_interval


def test_ends_by_hand() -> None:
    # 1 to 2,000: j = floor(0.025 * 2001) = 50, so the 50th smallest and the 50th largest
    resampled = np.random.default_rng(0).permutation(np.arange(1.0, 2001))
    assert percentiles(resampled) == (50, 1951)
    # 39 resamples are the fewest with j = 1: the smallest and the largest
    assert percentiles(np.arange(39.0)) == (0, 38)


def test_undefined_resamples_are_left_out_while_they_are_few() -> None:
    resampled = np.arange(2000.0)
    resampled[-100:] = np.nan
    # 1,900 defined: j = floor(0.025 * 1901) = 47
    assert percentiles(resampled) == (46, 1853)
    resampled[0] = np.nan
    assert percentiles(resampled) is None
    assert percentile_estimate(3.0, resampled, 9) == Estimate(3.0, 9)


def test_no_interval_where_nothing_varies() -> None:
    assert percentile_estimate(1.0, np.ones(100), 9) == Estimate(1.0, 9)


def test_an_undefined_value_has_its_reason() -> None:
    assert percentile_estimate(np.nan, np.ones(100), 9, "one label") == Estimate.nothing("one label", 9)


def test_wilson_where_a_share_has_no_interval() -> None:
    hits, clusters = np.ones(40, np.bool_), np.repeat(np.arange(20), 2)
    low, high = wilson_interval(hits, clusters)
    assert with_wilson(Estimate(1.0, 40), hits, clusters) == Estimate(1.0, 40, low, high)
    assert low < 0.9 < high == 1
    given = Estimate(0.5, 40, 0.4, 0.6)
    assert with_wilson(given, hits, clusters) == given
    assert with_wilson(Estimate.nothing("none"), hits, clusters).value is None


def test_ratio_of_nothing() -> None:
    assert ratio(np.array([1.0, 0.0, 3.0]), np.array([2.0, 0.0, 0.0])) == pytest.approx(
        [0.5, np.nan, np.nan], nan_ok=True
    )
