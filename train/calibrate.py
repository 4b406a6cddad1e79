"""Calibration on dev rows: temperature and bias, then thresholds, then the bar for abstaining.

temperature, bias   least negative log-likelihood of the labels, interval labels included; a weak
                    prior holds them near 1 and 0 where dev rows are few
thresholds          for each k the bar on P(Y > k) with the best kappa of "score > k", or the sources' mean kappa
abstain_below       the sureness under which the least sure ``abstain_share`` of dev rows lie
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import cohen_kappa_score

from guardrank.annotations import Label, bounds
from guardrank.calibration import SureOf, decide, exceedance, probabilities, sureness
from guardrank.judge import Calibration, Output

Floats = NDArray[np.float64]
SHUT = -20.0
"""Bias of a logit that training said nothing about: its probability becomes nothing."""
MIN_ROWS_PER_SIDE = 5
"""Fewer rows than this on one side of a threshold do not move it from 0.5."""


def calibrate(
    output: Output,
    logits: Floats,
    labels: Sequence[Label],
    *,
    abstain_share: float = 0.0,
    decided: NDArray[np.bool_] | None = None,
    sources: Sequence[str] | None = None,
    sure_of: SureOf = "score",
) -> Calibration:
    """Fit one dimension's calibration.

    Args:
        logits: the dimension's own columns on its dev rows, shape (n, output.width).
        labels: n scores or intervals.
        decided: for each threshold whether training told its sides apart (all, unless given); an undecided
            one is never exceeded, so that "unsafe, degree unknown" is scored as the mildest unsafe score.
        sources: where each row is from, if each source is to weigh alike in the choice of the thresholds.
        sure_of: what the judge abstains by.
    """
    known = np.ones(output.classes - 1, dtype=bool) if decided is None else decided
    bias = starting_bias(output, known)
    temperature, bars = 1.0, tuple(0.5 if k else 1.0 for k in known)
    if labels:
        spans = np.array([bounds(label) for label in labels])
        temperature, bias = fit_temperature(output, logits, spans, bias)
        bars = fit_thresholds(probabilities(logits, output.link, temperature, bias), spans, known, sources)
    probs = probabilities(logits, output.link, temperature, bias)
    sure = sureness(probs, decide(probs, bars), sure_of)
    return Calibration(
        temperature=round(temperature, 6),
        bias=tuple(round(float(b), 6) for b in bias),
        thresholds=bars,
        abstain_below=round(float(np.quantile(sure, abstain_share)), 6) if abstain_share and labels else 0.0,
        sure_of=sure_of,
    )


def starting_bias(output: Output, decided: NDArray[np.bool_]) -> Floats:
    """0 for each logit, SHUT for those of an undecided threshold, shape (output.width,)."""
    shut = np.where(decided, 0.0, SHUT)
    return shut if output.link == "ordinal" else np.concatenate([[0.0], shut])


def fit_temperature(
    output: Output, logits: Floats, spans: NDArray[np.int64], start: Floats
) -> tuple[float, Floats]:
    """Temperature and one bias a logit, from ``start``; spans are the labels' bounds, shape (n, 2)."""
    free = start > SHUT

    def loss(parameters: Floats) -> float:
        log_temperature, bias = parameters[0], parameters[1:]
        probs = probabilities(logits, output.link, float(np.exp(log_temperature)), bias)
        # the prior weighs as much as one row that is off by one unit
        return float(-np.log(interval_mass(probs, spans)).sum() + log_temperature**2 + (bias[free] ** 2).sum())

    limits = [(-4.0, 4.0)] + [(-6.0, 6.0) if is_free else (SHUT, SHUT) for is_free in free]
    best = minimize(loss, np.concatenate([[0.0], start]), method="L-BFGS-B", bounds=limits).x
    return float(np.exp(best[0])), np.asarray(best[1:])


def interval_mass(probs: Floats, spans: NDArray[np.int64]) -> Floats:
    """P(low <= Y <= high) of each row, shape (n,), never quite 0."""
    scores = np.arange(probs.shape[1])
    inside = (spans[:, :1] <= scores) & (scores <= spans[:, 1:])
    return np.asarray(np.maximum((probs * inside).sum(axis=1), 1e-12))


def fit_thresholds(
    probs: Floats,
    spans: NDArray[np.int64],
    decided: NDArray[np.bool_],
    sources: Sequence[str] | None = None,
) -> tuple[float, ...]:
    """For each k the bar on P(Y > k); only rows whose label says whether Y > k count."""
    origin = np.asarray(["all"] * len(probs) if sources is None else sources)
    return tuple(
        _fit_bar(chance, spans[:, 0] > k, spans[:, 1] <= k, origin) if decided[k] else 1.0
        for k, chance in enumerate(exceedance(probs).T)
    )


def _fit_bar(chance: Floats, above: NDArray[np.bool_], below: NDArray[np.bool_], origin: NDArray[np.str_]) -> float:
    if min(above.sum(), below.sum()) < MIN_ROWS_PER_SIDE:
        return 0.5
    known = above | below
    own = [known & (origin == name) for name in sorted(set(origin))]
    two_sided = [rows for rows in own if min(above[rows].sum(), below[rows].sum()) >= MIN_ROWS_PER_SIDE]
    return best_bar([(chance[rows], above[rows]) for rows in two_sided or [known]])


def best_bar(sources: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> float:
    """The bar with the best Cohen's kappa, the mean over sources of (chance, truth).

    Pooled rows would be judged by the bar of the largest source. Of ties the middle of the widest run, so that it
    holds elsewhere.
    """
    grid = np.linspace(0.02, 0.98, 97)
    kappas = np.array(
        [np.mean([cohen_kappa_score(truth, chance > bar) for chance, truth in sources]) for bar in grid]
    )
    kappas = np.convolve(np.pad(kappas, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    best = np.flatnonzero(kappas >= kappas.max() - 1e-9)
    widest = max(np.split(best, np.flatnonzero(np.diff(best) > 1) + 1), key=len)
    return round(float(grid[widest].mean()), 4)
