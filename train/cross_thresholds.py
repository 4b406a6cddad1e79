"""Thresholds across folds: each fold's verdicts are decided by the bars that suit the other folds best.

    probabilities and labels of folds 2..5 ──best kappa──> bars ──> scores of fold 1

A fold's own dev rows hold too few rare labels to place a bar (about 20 positives of 4,000 rows in MSTS); the
other folds hold four fifths of all. No row's label takes part in the choice of the bar that decides it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from guardrank.annotations import Label, bounds
from guardrank.calibration import decide
from guardrank.train.calibrate import fit_thresholds


def decide_across_folds(
    lines: Sequence[Mapping[str, Any]], labels: Sequence[Label], folds: Sequence[int], groups: Sequence[Hashable]
) -> list[dict[str, Any]]:
    """The verdict ``lines`` with their scores decided anew; failed verdicts stay as they are.

    Args:
        lines: verdicts with ``score`` and ``probs``.
        labels: the people's labels of the same rows.
        folds: which fold judged each row.
        groups: rows of one group share bars: those of a dimension, or all.
    """
    decided = [dict(line) for line in lines]
    for group in dict.fromkeys(groups):
        places = [i for i, own in enumerate(groups) if own == group and lines[i]["score"] is not None]
        _decide_group(decided, [labels[i] for i in places], [folds[i] for i in places], places)
    return decided


def _decide_group(
    lines: list[dict[str, Any]], labels: Sequence[Label], folds: Sequence[int], places: Sequence[int]
) -> None:
    probs = np.array([lines[i]["probs"] for i in places], dtype=np.float64)
    spans = np.array([bounds(label) for label in labels], dtype=np.int64)
    fold_of = np.array(folds)
    for fold in sorted(set(folds)):
        own = fold_of == fold
        bars = fit_thresholds(probs[~own], spans[~own], _told_apart(spans[~own], probs.shape[1]))
        for place, score in zip(np.array(places)[own], decide(probs[own], bars), strict=True):
            lines[place]["score"] = int(score)


def _told_apart(spans: np.ndarray[Any, np.dtype[np.int64]], classes: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each threshold whether some label lies above it and some other below, shape (classes - 1,)."""
    ranks = np.arange(classes - 1)
    return np.asarray((spans[:, :1] > ranks).any(axis=0) & (spans[:, 1:] <= ranks).any(axis=0))
