"""Raters of a file's measured rows: a judge in its folder, or the n-gram floor."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ngram_floor import measure_floor
from people_labels import DataFile, is_positive

from guardrank.errors import UsageError
from guardrank.judge import HeadJudge, load_judge
from guardrank.records import Record


@dataclass(frozen=True)
class Rater:
    """One rater's scores of a file's measured rows, in order; None where it gave none.

    Attributes:
        graded: whether the scores are on the dimension's scale, rather than 0 or 1.
        facts: what goes into the JSON beside the figures.
    """

    name: str
    scores: list[int | None]
    seconds: float
    abstained: list[bool]
    graded: bool = True
    note: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def load(folder: str, device: str | None) -> HeadJudge:
    """A judge on our scales; raises UsageError for one with labels of its own."""
    judge = load_judge(folder, device=device)
    if judge.manifest.own_labels:
        raise UsageError(f"{folder} judges with labels of its own: its scores are not on the dimensions' scales")
    return judge


def rate(judge: HeadJudge, rows: Sequence[Record]) -> Rater:
    """The judge's scores, timed after a few rows to warm up."""
    for _ in judge.score(rows[:8]):
        pass
    started = time.perf_counter()
    verdicts = list(judge.score(rows))
    seconds = time.perf_counter() - started
    trained_on = set(judge.manifest.training.get("sources", {}))
    known = bool(trained_on & {row.source for row in rows})
    return Rater(
        judge.name,
        [verdict.score for verdict in verdicts],
        seconds,
        [verdict.abstained for verdict in verdicts],
        note="trained on this file's train rows" if known else "",
        facts={"trained_on": sorted(trained_on), "truncated": sum(verdict.truncated for verdict in verdicts)},
    )


def rate_with_floor(data: DataFile) -> Rater | None:
    """The n-gram floor as a rater of the same rows; None where there is nothing to learn from."""
    train, dev = ([row for row in rows if is_positive(row) is not None] for rows in (data.train, data.dev))
    labels = [np.array([int(bool(is_positive(row))) for row in rows], np.int64) for rows in (train, dev)]
    floor = measure_floor(train, labels[0], dev, labels[1], data.measured)
    if floor is None:
        print(f"{data.name}: no floor, its train or dev rows do not hold both answers", file=sys.stderr)
        return None
    facts = {"settings": str(floor.settings), "trained_rows": floor.trained_on}
    name, none = f"n-grams ({floor.settings})", [False] * len(data.measured)
    return Rater(name, floor.answers.tolist(), floor.seconds, none, graded=False, facts=facts)
