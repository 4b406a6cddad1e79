"""How an export changes the judge's quadratic-weighted kappa against human labels, with a paired interval.

Both sides are resampled together, whole clusters at a time, so that what rows have in common cancels out. Over
several dimensions, whose scales differ, kappa is the unweighted mean of the dimensions' own, as in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrank.metrics import quadratic_weighted_kappa

Ints = NDArray[np.int64]
RESAMPLES = 500


@dataclass(frozen=True)
class Labelled:
    """The labelled rows of one dimension.

    Attributes:
        spans: lowest and highest score that each label allows, shape (n, 2).
        torch: the judge's scores, shape (n,).
        export: the export's scores, shape (n,).
        clusters: what each row shares with its kin, n of them.
    """

    spans: Ints
    torch: Ints
    export: Ints
    classes: int
    clusters: Sequence[str]

    def kappas(self, rows: Ints | slice = slice(None)) -> tuple[float, float] | None:
        """Kappa of torch and of the export over ``rows``; None unless both are defined."""
        torch, export = (
            quadratic_weighted_kappa(self.spans[rows], scores[rows], self.classes).value
            for scores in (self.torch, self.export)
        )
        return None if torch is None or export is None else (torch, export)


def compare_kappas(parts: Sequence[Labelled]) -> dict[str, Any]:
    """The kappa fields of a Comparison; None each where no dimension has both kappas."""
    labelled = sum(len(part.torch) for part in parts)
    kappas = _mean([part.kappas() for part in parts])
    if kappas is None:
        values: tuple[float | None, ...] = (None, None, None)
        interval = None
    else:
        values = tuple(round(value, 4) for value in (*kappas, kappas[1] - kappas[0]))
        interval = _change_interval(parts)
    names = ("kappa_torch", "kappa_export", "kappa_change")
    return {"labelled": labelled, **dict(zip(names, values, strict=True)), "kappa_change_interval": interval}


def _mean(kappas: Sequence[tuple[float, float] | None]) -> tuple[float, float] | None:
    known = [pair for pair in kappas if pair is not None]
    if not known:
        return None
    torch, export = np.mean(known, axis=0).tolist()
    return torch, export


def _change_interval(parts: Sequence[Labelled]) -> tuple[float, float] | None:
    """95 % percentile interval of the change; None with a single cluster.

    A cluster that spans dimensions is drawn in all of them alike.
    """
    numbers: dict[str, int] = {}
    codes = [np.array([numbers.setdefault(name, len(numbers)) for name in part.clusters], int) for part in parts]
    if len(numbers) < 2:
        return None
    random = np.random.default_rng(0)
    changes = []
    for _ in range(RESAMPLES):
        times = np.bincount(random.integers(0, len(numbers), len(numbers)), minlength=len(numbers))
        drawn = [np.repeat(np.arange(len(code)), times[code]) for code in codes]
        kappas = _mean([part.kappas(rows) for part, rows in zip(parts, drawn, strict=True)])
        if kappas is not None:
            changes.append(kappas[1] - kappas[0])
    if not changes:
        return None
    low, high = np.quantile(changes, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)
