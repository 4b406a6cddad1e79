"""Rows made from rows, for what annotated sources lack: harmless answers to harmless questions, and refusals.

    rows of sources that are harmless throughout ──another dimension, score 0──> harmless rows
    unsafe rows ──the response changed for a refusal of the same language──> refused rows, score 0

Their labels are by construction: weak, kept apart by ``derived`` in every count, and never measured on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from guardrank.annotations import bounds, load_sources
from guardrank.dimensions import Dimension
from guardrank.judge.keyword import refuses
from guardrank.records import Record
from guardrank.train.bilingual import han_share
from guardrank.train.recipe import Augmentation

HARMLESS, REFUSED = "harmless", "refused"
_HARMS = tuple(dimension for dimension in Dimension if dimension != Dimension.TRUTHFULNESS)


def augment(
    records: Sequence[Record], plan: Augmentation, dimensions: Sequence[Dimension], seed: int
) -> list[Record]:
    """The rows to add to ``records``, those of ``dimensions`` only."""
    random = np.random.default_rng(seed)
    wanted = [dimension for dimension in _HARMS if dimension in dimensions]
    if not wanted:
        return []
    return harmless_rows(records, plan.harmless, wanted, random) + refused_rows(records, plan.refused, random)


def harmless_rows(
    records: Sequence[Record], share: float, dimensions: Sequence[Dimension], random: np.random.Generator
) -> list[Record]:
    """``share`` of the rows of sources called harmless, each in one of ``dimensions``, score 0."""
    sources = {name for name, source in load_sources().items() if source.harmless}
    rows = [row for row in records if row.source in sources]
    return [
        row.model_copy(
            update={
                "id": f"{row.id}#{HARMLESS}",
                "dimension": dimensions[int(random.integers(len(dimensions)))],
                "human": 0,
                "derived": HARMLESS,
            }
        )
        for row in _some(rows, share, random)
    ]


def refused_rows(records: Sequence[Record], share: float, random: np.random.Generator) -> list[Record]:
    """``share`` of the unsafe rows with a prompt, each answered by a refusal of its language from another row."""
    refusals = defaultdict(list)
    for row in records:
        if row.human == 0 and row.dimension in _HARMS and refuses(row.response):
            refusals[_is_chinese(row.response)].append(row.response)
    rows = [
        row
        for row in records
        if row.dimension in _HARMS and row.prompt and refusals[_is_chinese(row.prompt)] and _is_unsafe(row)
    ]
    swapped = []
    for row in _some(rows, share, random):
        choice = refusals[_is_chinese(row.prompt)]
        changes = {"id": f"{row.id}#{REFUSED}", "response": choice[int(random.integers(len(choice)))]}
        swapped.append(row.model_copy(update=changes | {"human": 0, "derived": REFUSED}))
    return swapped


def repeated(records: Sequence[Record], times: Mapping[str, int]) -> list[Record]:
    """Each row as often as ``times`` says of its source, once unless it does; rows made from rows stay single."""
    return [
        record
        for record in records
        for _ in range(1 if record.get_path("derived") else times.get(record.source or "", 1))
    ]


def _some(rows: list[Record], share: float, random: np.random.Generator) -> list[Record]:
    return [rows[i] for i in sorted(random.permutation(len(rows))[: round(share * len(rows))])]


def _is_chinese(text: str) -> bool:
    return han_share(text) > 0.2


def _is_unsafe(row: Record) -> bool:
    return row.human is not None and bounds(row.human)[0] > 0
