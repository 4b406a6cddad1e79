"""Figures of a judge on labelled rows: what chooses the epoch, and what metrics.json tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrank.annotations import Label, bounds
from guardrank.calibration import decide, probabilities
from guardrank.judge import Calibration, Output
from guardrank.metrics import quadratic_weighted_kappa
from guardrank.train.calibrate import calibrate, interval_mass

Floats = NDArray[np.float64]
CONSTANT_SPREAD = 0.01
"""A head whose expected scores spread less than this on dev rows has learnt a constant."""


TIE_BREAK = 1e-3
"""Weight of the dev log-loss beside kappa: of epochs that score alike, the surer one is kept."""


def output_figures(output: Output, logits: Floats, labels: Sequence[Label]) -> tuple[float, float]:
    """Quadratic-weighted kappa (0 where undefined) with the thresholds that suit these rows best, and log-loss.

    An interval agrees with the nearest score in it. The thresholds are refitted at every look, since class
    weights move the logits: at 0.5 a head that ranks well can still say the same of every row.
    """
    calibration = calibrate(output, logits[:, output.columns], labels)
    probs = output_probabilities(output, calibration, logits)
    scores = decide(probs, calibration.thresholds)
    kappa = quadratic_weighted_kappa(_spans(labels), scores, output.classes).value or 0.0
    return kappa, float(-np.log(interval_mass(probs, _spans(labels))).mean())


def dev_figures(rows: Sequence[tuple[Output, Floats, Sequence[Label]]]) -> dict[str, float]:
    """``kappa``, the mean over the dimensions with dev rows, and ``choice``, which the best epoch maximises."""
    figures = [output_figures(*row) for row in rows if row[2]]
    kappa, log_loss = np.mean(figures, axis=0) if figures else (0.0, 0.0)
    return {"kappa": float(kappa), "choice": float(kappa - TIE_BREAK * log_loss)}


def output_probabilities(output: Output, calibration: Calibration, logits: Floats) -> Floats:
    """Calibrated probabilities of one dimension from all logits, shape (n, classes)."""
    return probabilities(logits[:, output.columns], output.link, calibration.temperature, calibration.bias or 0.0)


def _spans(labels: Sequence[Label]) -> NDArray[np.int64]:
    return np.array([bounds(label) for label in labels])


def label_figures(
    scores: NDArray[np.int64], labels: Sequence[Label], classes: int, clusters: Sequence[str]
) -> dict[str, Any]:
    """n, accuracy, kappa and its 95 % interval; where a label is an interval every score in it is right."""
    spans = _spans(labels)
    right = (spans[:, 0] <= scores) & (scores <= spans[:, 1])
    return {
        "n": len(labels),
        "accuracy": round(float(right.mean()), 4),
        "kappa": _rounded(quadratic_weighted_kappa(spans, scores, classes).value),
        "kappa_interval": kappa_interval(spans, scores, classes, clusters),
    }


def kappa_interval(
    spans: NDArray[np.int64], scores: NDArray[np.int64], classes: int, clusters: Sequence[str], resamples: int = 500
) -> list[float] | None:
    """95 % percentile interval of kappa by a bootstrap of whole clusters; None where kappa is undefined."""
    _, codes = np.unique(np.asarray(clusters), return_inverse=True)
    members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    random = np.random.default_rng(0)
    values = []
    for _ in range(resamples):
        rows = np.concatenate([members[i] for i in random.integers(0, len(members), len(members))])
        kappa = quadratic_weighted_kappa(spans[rows], scores[rows], classes).value
        if kappa is not None:
            values.append(kappa)
    if quadratic_weighted_kappa(spans, scores, classes).value is None or not values:
        return None
    return [round(float(end), 4) for end in np.quantile(values, [0.025, 0.975])]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def is_constant(scores: NDArray[np.int64], expected: Floats) -> bool:
    """Whether a judge says the same of every row: one score, or expectations that hardly differ."""
    return len(scores) > 1 and (len(np.unique(scores)) == 1 or float(np.std(expected)) < CONSTANT_SPREAD)
