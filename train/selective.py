"""Which error rates a judge can promise: for each, a bar of confidence above which dev rows prove it.

    dev rows, surest first ──the first 2 %, 4 %, ... all──> bar, errors, effective sample size of each part
    error rate ──test each part, downwards from five starts──> the lowest bar that is reached

Selective classification with a guarantee (Geifman & El-Yaniv 2017, "Selective classification for deep neural
networks", NeurIPS) by Learn then Test (Angelopoulos, Bates, Candes, Jordan & Lei 2021, arXiv 2110.01052): with
probability ``1 - delta`` over the draw of the dev rows, the rows that a bar keeps are wrong at most at its rate,
whatever the confidence is worth. It holds for rows like the dev rows, and each bar by itself. Two things are not
exact: the design effect is an estimate, and the dev rows chose the thresholds too. The tests simulate both.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from guardrank.annotations import Label, bounds
from guardrank.judge import Output
from guardrank.judge.head import decode_output
from guardrank.metrics.intervals import effective_size

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ERROR_RATES = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3)
DELTA = 0.1
"""How often a bar may break its promise, over draws of the dev rows."""
PARTS = 50
STARTS = (10, 20, 30, 40, 50)
"""Parts at which tests begin. One start at the surest rows alone would end at the first confident mistakes."""


class Parts(NamedTuple):
    """The surest rows in nested parts, the smallest first; arrays of shape (PARTS,).

    ``rows`` and ``errors`` are those of a sample of independent rows that would tell as much.
    """

    bars: Floats
    rows: Floats
    errors: Floats


def with_error_bars(
    output: Output, logits: Floats, labels: Sequence[Label], clusters: Sequence[Hashable]
) -> Output:
    """``output`` with the bars in its calibration that its dev rows prove.

    Args:
        output: calibrated, so that it decides as it will when it scores.
        logits: all logits of the n dev rows, shape (n, at least output's last column).
        labels: n scores or intervals; a score outside its label's interval is an error, or on the wrong side of 0
            where that is all that the judge is to be sure of.
        clusters: n labels; rows that share one (a prompt, an image) are dependent.
    """
    if not labels:
        return output
    decoded = decode_output(output, logits)
    spans = np.array([bounds(label) for label in labels])
    low, high = spans.T
    if output.calibration.sure_of == "side":
        wrong = np.where(decoded.scores > 0, high == 0, low > 0)
    else:
        wrong = (decoded.scores < low) | (decoded.scores > high)
    bars = error_bars(decoded.sure, wrong, clusters)
    return output.model_copy(update={"calibration": output.calibration.model_copy(update={"error_bars": bars})})


def error_bars(
    confidence: Floats,
    wrong: Bools,
    clusters: Sequence[Hashable],
    *,
    rates: Sequence[float] = ERROR_RATES,
    delta: float = DELTA,
) -> tuple[tuple[float, float], ...]:
    """Pairs of an error rate and the lowest bar of confidence that keeps to it; rates ascend, bars never do.

    A rate that no bar reaches is absent, and so is one whose bar a stricter rate undercuts.

    Args:
        confidence: of n rows, each in [0, 1]; a bar keeps the rows that are not below it.
        wrong: which of them are errors.
        clusters: n labels; rows that share one are dependent.
    """
    if not confidence.size:
        return ()
    parts = split_into_parts(confidence, wrong, clusters)
    proven: list[tuple[float, float]] = []
    for rate in sorted(rates):
        bar = _lowest_bar(parts, rate, delta)
        if bar is not None and (not proven or bar <= proven[-1][1]):
            proven.append((rate, bar))
    return tuple(proven)


def split_into_parts(confidence: Floats, wrong: Bools, clusters: Sequence[Hashable]) -> Parts:
    """The nested parts of at least one row, with the effective size ``n / deff`` of each.

    The design effect ``deff`` (Kish 1965; ``guardrank.metrics.intervals``) is the larger of that of all rows
    and that of the part: a part with hardly an error says little of how errors cluster.
    """
    seen: dict[Hashable, int] = {}
    codes = np.array([seen.setdefault(cluster, len(seen)) for cluster in clusters])
    surest = np.sort(confidence)[::-1]
    last = np.ceil(surest.size * np.arange(1, PARTS + 1) / PARTS).astype(int) - 1
    # judged as they are written: to six digits, and no row falls below its own bar
    bars = np.floor(surest[last] * 1e6) / 1e6
    overall = _design_effect(wrong, codes)
    rows, errors = np.empty(PARTS), np.empty(PARTS)
    for i, bar in enumerate(bars):
        kept = confidence >= bar
        effect = max(overall, _design_effect(wrong[kept], codes[kept])) if wrong[kept].any() else overall
        rows[i], errors[i] = kept.sum() / effect, wrong[kept].sum() / effect
    return Parts(bars, rows, errors)


def _design_effect(wrong: Bools, codes: NDArray[np.int64]) -> float:
    """How many dependent rows tell as much as one independent row, at least 1."""
    return max(wrong.size / effective_size(wrong.astype(np.float64), codes), 1.0)


def _lowest_bar(parts: Parts, rate: float, delta: float) -> float | None:
    """Fixed-sequence tests from several starts, each at its share of ``delta`` (Learn then Test).

    From a start the bar goes down as long as the error rate is proven to be at most ``rate``; the first failure
    ends the sequence, so that the tests after the first need no correction.
    """
    starts = [start for start in STARTS if parts.rows[start - 1] >= _least_rows(rate, delta)]
    if not starts:
        return None
    proven = upper_bound(parts.errors, parts.rows, delta / len(starts)) <= rate
    reached = [start - 1 + _leading(proven[start - 1 :]) for start in starts if proven[start - 1]]
    return float(parts.bars[max(reached) - 1]) if reached else None


def _least_rows(rate: float, delta: float) -> float:
    """With fewer rows not even a part without errors proves ``rate``."""
    return float(np.log(delta) / np.log1p(-rate))


def _leading(proven: Bools) -> int:
    """How many of ``proven`` are true before the first that is not."""
    return int(np.argmin(np.append(proven, False)))


def upper_bound(errors: ArrayLike, rows: ArrayLike, delta: float) -> Floats:
    """The error rate that ``errors`` among ``rows`` leave possible: one-sided, exact, at level ``delta``.

    Clopper & Pearson (1934, *Biometrika* 26, 404-413): the quantile ``1 - delta`` of Beta(errors + 1,
    rows - errors); with effective, hence fractional, numbers as Korn & Graubard (1998, *Survey Methodology* 24,
    193-201) use it for cluster samples.
    """
    k, n = np.asarray(errors, dtype=np.float64), np.asarray(rows, dtype=np.float64)
    bound = beta.ppf(1 - delta, k + 1, np.maximum(n - k, 1e-9))
    return np.asarray(np.where(k < n, bound, 1.0))
