"""The rows on which raters and people differ most: the first to read when a figure surprises.

    distance of a rater on a row = |score - label| / (classes - 1) x confidence (1 where none is given)

Raters take turns to name the row that they are furthest off on, so that a rater with many errors does not fill
the list; of two rows alike, the one that more raters are off on comes first. One row a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from guardrank.agreement.answers import UNSCORED, Answers
from guardrank.agreement.results import Disagreement
from guardrank.agreement.rows import Rows

MOST = 30
MAX_TEXT_CHARS = 4000
"""Longer texts are cut in ``study.json``: it is there to be read."""


def find_disagreements(rows: Rows, answers: Sequence[Answers], most: int = MOST) -> list[Disagreement]:
    """At most ``most`` rows, the furthest apart first; ``distance`` is the mean over the raters that scored."""
    distances = np.stack([_distances(rows, one) for one in answers])
    scored = np.stack([one.scored for one in answers])
    mean = distances.sum(axis=0) / np.maximum(scored.sum(axis=0), 1)
    picked = _take_turns(distances, mean, rows.clusters, most)
    picked.sort(key=lambda place: (-mean[place], place))
    return [_disagreement(rows, answers, place, float(mean[place])) for place in picked]


def _distances(rows: Rows, one: Answers) -> NDArray[np.float64]:
    sure = np.where(np.isnan(one.confidence), 1.0, one.confidence)
    apart = np.abs(one.scores - rows.labels) / (len(rows.asked.classes) - 1)
    return np.where(one.scored, apart * sure, 0.0)


def _take_turns(
    distances: NDArray[np.float64], mean: NDArray[np.float64], clusters: NDArray[np.int64], most: int
) -> list[int]:
    queues = [[place for place in np.lexsort((-mean, -own)).tolist() if own[place] > 0][::-1] for own in distances]
    picked: list[int] = []
    told: set[int] = set()
    while any(queues) and len(picked) < most:
        for queue in queues:
            while queue and int(clusters[queue[-1]]) in told:
                queue.pop()
            if queue and len(picked) < most:
                picked.append(queue.pop())
                told.add(int(clusters[picked[-1]]))
    return picked


def _disagreement(rows: Rows, answers: Sequence[Answers], place: int, distance: float) -> Disagreement:
    record = rows.records[place]
    scores = {one.name: int(one.scores[place]) for one in answers}
    return Disagreement(
        id=record.id,
        dimension=record.dimension.value,
        model=record.model,
        prompt=_cut(record.prompt),
        response=_cut(record.response),
        reference=None if record.reference is None else _cut(record.reference),
        label=int(rows.labels[place]),
        scores={name: None if score == UNSCORED else score for name, score in scores.items()},
        distance=round(distance, 6),
    )


def _cut(text: str) -> str:
    over = len(text) - MAX_TEXT_CHARS
    return text if over <= 0 else f"{text[:MAX_TEXT_CHARS]}… ({over:,} characters more)"
