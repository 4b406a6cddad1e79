"""95 % intervals in closed form: Wilson's for a mean of clustered rows, MOVER for a mean of parts.

    rows in [0, 1] -> cluster-robust variance -> effective sample size -> Wilson score interval

Rows that share a prompt (or an image) are not independent; the effective sample size is the number of
independent rows that would be as informative.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guardrank.metrics.estimate import Estimate

Z95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""

Clusters: TypeAlias = Sequence[Hashable] | NDArray[np.int64]


def wilson_interval(values: ArrayLike, clusters: Clusters | None = None) -> tuple[float, float]:
    """The 95 % interval of the mean of ``values``, rows of one cluster being dependent.

    The effective sample size of Kish (1965) goes into Wilson's score interval, as Kott and Carr (1997) and
    Dean and Pagano (2015, *J. Surv. Stat. Methodol.* 3, 484-503) do for proportions of cluster samples; a
    mean of graded scores in [0, 1] is treated alike, since only its mean and its variance enter. In
    simulations with 20 to 200 clusters it covers the mean in 92 to 98 % of the samples; where fewer than
    about five clusters can be expected to hold the rarer outcome (a rate of 0.05 in 20 prompts whose rows
    agree), coverage falls to 80 to 92 %.

    Args:
        values: shape (n,), n >= 1, each in [0, 1].
        clusters: n labels; without them every row is a cluster of its own.

    Returns:
        ``(low, high)`` with 0 <= low <= mean <= high <= 1.

    Raises:
        ValueError: nothing in ``values``, a value outside [0, 1], or another number of clusters.
    """
    y = _checked(values)
    return _score_interval(float(y.mean()), _effective_size(y, _cluster_codes(clusters, y.size)))


def effective_size(values: ArrayLike, clusters: Clusters | None = None) -> float:
    """How many independent rows would tell as much of the mean of ``values``, in (0, n]: see ``wilson_interval``.

    Args:
        values: shape (n,), n >= 1, each in [0, 1]; where all are the same, clusters are counted.
        clusters: n labels; without them every row is a cluster of its own.

    Raises:
        ValueError: as ``wilson_interval``.
    """
    y = _checked(values)
    return _effective_size(y, _cluster_codes(clusters, y.size))


def mean_estimate(values: ArrayLike, clusters: Clusters | None = None, *, if_empty: str) -> Estimate:
    """The mean of ``values`` (each in [0, 1]) with its interval; undefined, ``if_empty``, without any."""
    y = np.asarray(values, dtype=np.float64)
    if not y.size:
        return Estimate.nothing(if_empty)
    low, high = wilson_interval(y, clusters)
    return Estimate(float(y.mean()), y.size, low, high)


def mean_of_parts(parts: Sequence[Estimate]) -> Estimate:
    """The unweighted mean of independent parts, such as the three subtasks of truthfulness.

    Its interval comes from the parts' own, by the method of variance estimates recovery (MOVER; Zou and
    Donner 2008, *Stat. Med.* 27, 1693-1702): with k parts, ``low = mean - sqrt(sum((v_i - low_i)^2)) / k``,
    and ``high`` likewise. An undefined part makes the mean undefined, for that part's reason.
    """
    if not parts:
        return Estimate.nothing("no parts")
    n = sum(part.n for part in parts)
    missing = next((part.undefined for part in parts if part.undefined is not None), None)
    if missing is not None:
        return Estimate.nothing(missing, n)
    value = np.array([part.value for part in parts], dtype=np.float64)
    mean = float(value.mean())
    if any(part.low is None for part in parts):
        return Estimate(mean, n)
    low = np.array([part.low for part in parts], dtype=np.float64)
    high = np.array([part.high for part in parts], dtype=np.float64)
    below, above = (float(np.linalg.norm(reach)) / len(parts) for reach in (value - low, high - value))
    return Estimate(mean, n, max(mean - below, 0.0), min(mean + above, 1.0))


def t_quantile(df: int) -> float:
    """97.5 % quantile of Student's t: exact to four digits.

    Abramowitz and Stegun 26.7.5 (Cornish-Fisher series); below 4 degrees of freedom, where the series is
    poor, the quantiles themselves.
    """
    if df in _FIRST_T:
        return _FIRST_T[df]
    return Z95 + sum((term / df**power for power, term in enumerate(_T_SERIES, start=1)), 0.0)


_FIRST_T = {1: 12.706205, 2: 4.302653, 3: 3.182446}
_T_SERIES: tuple[float, ...] = (
    (Z95**3 + Z95) / 4,
    (5 * Z95**5 + 16 * Z95**3 + 3 * Z95) / 96,
    (3 * Z95**7 + 19 * Z95**5 + 17 * Z95**3 - 15 * Z95) / 384,
    (79 * Z95**9 + 776 * Z95**7 + 1482 * Z95**5 - 1920 * Z95**3 - 945 * Z95) / 92160,
)


def select_clusters(clusters: Clusters | None, keep: NDArray[np.bool_]) -> Clusters | None:
    """The cluster labels of the rows that ``keep`` (shape (n,)) says; None stays None.

    Raises:
        ValueError: another number of clusters than of rows.
    """
    if clusters is None:
        return None
    if len(clusters) != keep.size:
        raise ValueError(f"{len(clusters)} clusters for {keep.size} rows")
    if isinstance(clusters, np.ndarray):
        return clusters[keep]
    return [label for label, kept in zip(clusters, keep, strict=True) if kept]


def _checked(values: ArrayLike) -> NDArray[np.float64]:
    y = np.asarray(values, dtype=np.float64)
    if y.ndim != 1 or not y.size:
        raise ValueError(f"an interval needs one row of at least one value, not shape {y.shape}")
    if not ((y >= 0) & (y <= 1)).all():
        raise ValueError("values must lie in [0, 1]")
    return y


def _cluster_codes(clusters: Clusters | None, n: int) -> NDArray[np.int64] | None:
    """Cluster labels as 0..m-1, whatever they are; numbers are ranked by numpy, the rest by a dict."""
    if clusters is None:
        return None
    if len(clusters) != n:
        raise ValueError(f"{len(clusters)} clusters for {n} values")
    if isinstance(clusters, np.ndarray) and clusters.dtype.kind in "iu":
        return np.unique(clusters, return_inverse=True)[1].astype(np.int64, copy=False)
    seen: dict[Hashable, int] = {}
    return np.fromiter((seen.setdefault(label, len(seen)) for label in clusters), np.int64, n)


def _effective_size(y: NDArray[np.float64], codes: NDArray[np.int64] | None) -> float:
    """How many independent rows would be as informative as ``y``.

    A design effect below 1 is taken as 1: with few clusters it is an accident of the sample. Few clusters
    also leave the variance itself uncertain; Korn and Graubard (1998, *Survey Methodology* 24, 193-201)
    shrink the size by the ratio of t quantiles, which is 1 where every row is its own cluster.
    """
    n = y.size
    m = n if codes is None else int(codes.max()) + 1
    if m == 1 or y.min() == y.max():
        return float(m)  # no variance to go by: count clusters, as if their rows said the same
    p = float(y.mean())
    residual = y - p
    variance = float(residual @ residual) / (n * (n - 1))
    if codes is not None:
        by_cluster = np.bincount(codes, weights=residual)
        variance = max(variance, float(by_cluster @ by_cluster) / n**2 * m / (m - 1))
    size = p * (1 - p) / variance * n / (n - 1)
    return size * (t_quantile(n - 1) / t_quantile(m - 1)) ** 2


def _score_interval(p: float, n: float) -> tuple[float, float]:
    """Wilson (1927), *JASA* 22, 209-212, for a proportion ``p`` of ``n`` (any positive number)."""
    z2 = Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n**2))
    return min(max(centre - half, 0.0), p), max(min(centre + half, 1.0), p)
