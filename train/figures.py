"""Figures of a judge on labelled rows: what chooses the epoch, and what metrics.json tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from guardrank.annotations import Label, bounds
from guardrank.calibration import decide, probabilities
from guardrank.judge import Output
from guardrank.metrics import quadratic_weighted_kappa

Floats = NDArray[np.float64]
CONSTANT_SPREAD = 0.01
"""A head whose expected scores spread less than this on dev rows has learnt a constant."""


def output_kappa(output: Output, logits: Floats, labels: Sequence[Label]) -> float | None:
    """Quadratic-weighted kappa of uncalibrated scores; an interval agrees with the nearest score in it."""
    scores = decide(probabilities(logits[:, output.columns], output.link))
    spans = np.array([bounds(label) for label in labels])
    return quadratic_weighted_kappa(spans, scores, output.classes).value


def mean_kappa(rows: Sequence[tuple[Output, Floats, Sequence[Label]]]) -> float:
    """The mean over dimensions, an undefined one (a constant) counting 0: what chooses the epoch."""
    kappas = [output_kappa(*row) or 0.0 for row in rows]
    return float(np.mean(kappas)) if kappas else 0.0


def label_figures(scores: NDArray[np.int64], labels: Sequence[Label], classes: int) -> dict[str, float | int | None]:
    """n, accuracy and kappa of scores against labels; in an interval every score is right."""
    spans = np.array([bounds(label) for label in labels])
    right = (spans[:, 0] <= scores) & (scores <= spans[:, 1])
    return {
        "n": len(labels),
        "accuracy": round(float(right.mean()), 4),
        "kappa": _rounded(quadratic_weighted_kappa(spans, scores, classes).value),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def is_constant(scores: NDArray[np.int64], expected: Floats) -> bool:
    """Whether a judge says the same of every row: one score, or expectations that hardly differ."""
    return len(scores) > 1 and (len(np.unique(scores)) == 1 or float(np.std(expected)) < CONSTANT_SPREAD)
