"""From resamples of a figure to its 95 % interval: percentiles, where they say something.

    value, 2,000 resamples ──defined in nearly all?──differing at all?──> Estimate(value, low, high)
                                 no └───────────────no └────────────────> Estimate(value), no interval

An interval that would be too sure is left out, never made up.
"""

from __future__ import annotations

import numpy as np

from guardrank.agreement.sample import Bools, Floats, Ints
from guardrank.errors import GuardRankError
from guardrank.metrics import Estimate, wilson_interval

ALPHA = 0.05
"""One minus the confidence of the intervals."""
MIN_DEFINED = 0.95
"""Share of resamples in which a figure must be defined for its percentiles to be an interval."""
_SAME = 1e-9


def percentile_estimate(value: float, resampled: Floats, n: int, undefined: str = "undefined") -> Estimate:
    """``value`` with the percentiles of its resamples (shape (resamples,), nan where undefined).

    There is no interval where the figure is undefined in more than 5 % of the resamples (see ``percentiles``), nor
    where no resample differs from another: agreement was perfect, or there is one cluster. Either says nothing
    about other prompts, and [1, 1] would be too sure.
    """
    if np.isnan(value):
        return Estimate.nothing(undefined, n)
    ends = percentiles(resampled)
    if ends is None or np.nanmax(resampled) - np.nanmin(resampled) <= _SAME:
        return Estimate(value, n)
    return Estimate(value, n, *ends)


def percentiles(resampled: Floats) -> tuple[float, float] | None:
    """The 95 % percentile interval, None where under ``MIN_DEFINED`` of the resamples (nan if not) are defined.

    The ends are the order statistics j and R + 1 - j with ``j = floor(0.025 (R + 1))`` (Davison and Hinkley 1997,
    section 5.3): the interval excludes 0 exactly where the two-sided p of ``compare`` is at most 0.05.
    """
    defined = np.sort(resampled[~np.isnan(resampled)])
    if defined.size < MIN_DEFINED * resampled.size or not defined.size:
        return None
    j = max(1, int(ALPHA / 2 * (defined.size + 1)))
    return float(defined[j - 1]), float(defined[-j])


def with_wilson(share: Estimate, hits: Bools, clusters: Ints) -> Estimate:
    """``share``, the mean of ``hits``, with Wilson's clustered interval if it has a value but no interval."""
    if share.value is None or share.low is not None or not hits.size:
        return share
    low, high = wilson_interval(hits, clusters)
    return Estimate(share.value, share.n, min(low, share.value), max(high, share.value))


def check_same(ours: float | Floats, library: float | Floats) -> None:
    """Raise GuardRankError where a formula and its library differ."""
    if not np.allclose(ours, library, rtol=_SAME, atol=_SAME):
        raise GuardRankError(f"a formula says {ours} where the library says {library}: please report this as a bug")


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """``numerator / denominator``, nan where the denominator is 0."""
    numerator, denominator = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    return np.divide(numerator, denominator, out=np.full_like(denominator, np.nan), where=denominator != 0)
