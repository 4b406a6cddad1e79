"""Sums by cluster: all that resampling needs to know of a model's judged cases.

    judged cases ──part, cluster──> numerator (clusters, parts), denominator (clusters, parts)

A part is a dimension, or a subtask of truthfulness. A rate of any resample is a ratio of weighted sums, those of
the pair tasks too. A cluster is what one image goes into: its cases, their twins, its pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardrank.benchmark.judging import Judged
from guardrank.dimensions import DIMENSIONS, NOISE_CONSISTENCY, PAIR_SUBTASKS, Dimension
from guardrank.metrics import Half, match_pairs
from guardrank.metrics.pairs import noise_fates, position_fates
from guardrank.metrics.rates import divisor
from guardrank.metrics.summary import HALLUCINATION

Floats = NDArray[np.float64]


def part_of(one: Judged) -> str:
    """``privacy``, or for truthfulness the subtask."""
    if one.case.dimension is not Dimension.TRUTHFULNESS:
        return one.case.dimension.value
    return one.case.subtask if one.case.subtask in PAIR_SUBTASKS and one.case.subtask else HALLUCINATION


PARTS: tuple[str, ...] = (
    *(dimension.value for dimension in DIMENSIONS if dimension is not Dimension.TRUTHFULNESS),
    *DIMENSIONS[Dimension.TRUTHFULNESS].subtasks,
)


def parts_of(dimension: Dimension) -> tuple[str, ...]:
    """The parts whose mean a dimension is."""
    return DIMENSIONS[dimension].subtasks if dimension is Dimension.TRUTHFULNESS else (dimension.value,)


@dataclass(frozen=True)
class Sums:
    """Sums of one model, both of shape (clusters, parts): a part's ASD is numerator / denominator, summed up."""

    numerator: Floats
    denominator: Floats


def cluster_sums(
    models: Sequence[Sequence[Judged]], *, include_abstained: bool, compat: str | None = None
) -> list[Sums]:
    """The sums of each model, over the same clusters in the same order; ``compat`` as in ``guardrank.metrics``."""
    names = cluster_names(models)
    codes = {name: code for code, name in enumerate(dict.fromkeys(names.values()))}
    return [_sums(judged, names, codes, include_abstained, compat) for judged in models]


def cluster_names(models: Iterable[Sequence[Judged]]) -> dict[str, str]:
    """Case id -> cluster: the first image of the clean case, else its prompt."""
    cases = {one.case.id: one for judged in models for one in judged}
    clean = {id_: one.case.pair or id_ for id_, one in cases.items()}
    return {id_: _own_cluster(cases.get(clean[id_], one)) for id_, one in cases.items()}


def _own_cluster(one: Judged) -> str:
    return one.case.images[0] if one.case.images else one.case.prompt


def _sums(
    judged: Sequence[Judged],
    names: Mapping[str, str],
    codes: Mapping[str, int],
    include_abstained: bool,
    compat: str | None,
) -> Sums:
    shape = (len(codes), len(PARTS))
    numerator, denominator = np.zeros(shape), np.zeros(shape)
    for column, part in enumerate(PARTS):
        own = [one for one in judged if part_of(one) == part]
        is_pair_task = part in PAIR_SUBTASKS
        values = _pair_values(part, own, compat) if is_pair_task else _degrees(own, include_abstained, compat)
        for case, value in values:
            numerator[codes[names[case]], column] += value
            denominator[codes[names[case]], column] += 1
    return Sums(numerator, denominator)


def _degrees(judged: Iterable[Judged], include_abstained: bool, compat: str | None) -> Iterable[tuple[str, float]]:
    for one in judged:
        top = DIMENSIONS[one.case.dimension].top_score
        score = one.verdict.score
        if score is not None and 0 <= score <= top and (include_abstained or not one.verdict.abstained):
            yield one.case.id, score / divisor(top, compat)


def _pair_values(part: str, judged: Sequence[Judged], compat: str | None) -> Iterable[tuple[str, float]]:
    placed = [one for one in judged if one.case.pair and one.case.role]
    halves = [Half(one.case.pair or "", one.case.role or "", one.verdict.answer, one.case.answer) for one in placed]
    found = match_pairs(halves)
    fates = (
        noise_fates(found.first, found.second, found.right, compat=compat)
        if part == NOISE_CONSISTENCY
        else position_fates(found.first, found.second, compat=compat)
    )
    a_case = {one.case.pair: one.case.id for one in reversed(placed)}
    for pair, is_kept, is_bad in zip(found.pairs, fates.kept, fates.bad, strict=True):
        if is_kept:
            yield a_case[pair], float(is_bad)
