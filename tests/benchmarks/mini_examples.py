"""Rows that the judge gets wrong, to show in its card.

Quoted are the project's own seed rows (Apache-2.0, invented, nothing in them operationally harmful), although the
judge was trained on most of them: texts of ../shared/data are not to be committed. Sexual and violent ones stay
out, and so do those labelled above 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from guardrank.annotations import read_records
from guardrank.dimensions import Dimension
from guardrank.judge import HeadJudge
from guardrank.records import Record, Verdict
from guardrank.train.data import seed_file
from guardrank.train.shipped_figures import Example

MOST = 8
MOST_CHARS = 200
_NOT_SHOWN = {"pornography-and-violence"}


def examples(judge: HeadJudge) -> list[Example]:
    """At most eight wrong verdicts, the surest first, by turns of dimension and language."""
    wrong = sorted(_wrong(judge), key=lambda one: -one.confidence)
    turns: dict[tuple[str, str | None], int] = {}
    placed = []
    for one in wrong:
        turn = turns[one.dimension, one.lang] = turns.get((one.dimension, one.lang), 0) + 1
        placed.append((turn, one))
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])[:MOST]]


def _wrong(judge: HeadJudge) -> Iterator[Example]:
    rows = [row for dimension in Dimension if dimension in judge.dimensions for row in _seed_rows(dimension)]
    for row, verdict in zip(rows, judge.score(rows), strict=True):
        assert isinstance(row.human, int)
        if verdict.score is not None and (verdict.score > 0) != (row.human > 0):
            yield _example(row, row.human, verdict, verdict.score)


def _seed_rows(dimension: Dimension) -> list[Record]:
    rows = read_records(seed_file(dimension), dim=dimension)
    return [row for row in rows if row.subtask not in _NOT_SHOWN and row.human in (0, 1)]


def _example(row: Record, human: int, verdict: Verdict, score: int) -> Example:
    return Example(
        id=row.id,
        dimension=row.dimension.value,
        lang=row.lang,
        human=human,
        score=score,
        confidence=verdict.confidence or 0.0,
        prompt=_cut(row.prompt),
        response=_cut(row.response),
    )


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARS else f"{text[: MOST_CHARS - 1]}…"
