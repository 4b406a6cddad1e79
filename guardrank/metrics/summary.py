"""The rows of the table that ``guardrank-score`` and the leaderboard print: ASD and PAR of a group of cells.

scored tasks   ASD and PAR over all rows of the group
pair tasks     halves are matched, the two answers compared (``pairs``)
truthfulness   the unweighted mean of hallucination and the two pair tasks, of those that have rows
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardrank.dimensions import DIMENSIONS, NOISE_CONSISTENCY, PAIR_SUBTASKS, Dimension
from guardrank.metrics.cells import Cell, CellKey, joined
from guardrank.metrics.estimate import Estimate
from guardrank.metrics.intervals import mean_of_parts
from guardrank.metrics.matching import MatchedPairs, align
from guardrank.metrics.pairs import PairRate, noise_consistency, position_swapping
from guardrank.metrics.rates import asd, par

HALLUCINATION = "hallucination"
_PARTS_IN_ORDER = DIMENSIONS[Dimension.TRUTHFULNESS].subtasks


@dataclass(frozen=True)
class SummaryRow:
    """One row of the table; ``subtask``, ``model`` and ``lang`` are None unless the table is by them.

    ``n = scored + failed`` and the abstained rows, if those were left out; ``scored`` counts the rows that
    went into ASD and PAR, in pair tasks the rows of the pairs that could be compared. ``note`` says in words
    what was left out and why.
    """

    dimension: Dimension
    subtask: str | None
    model: str | None
    lang: str | None
    n: int
    scored: int
    abstained: int
    failed: int
    truncated: int
    asd: Estimate
    par: Estimate
    note: str = ""


@dataclass(frozen=True)
class _Part:
    """ASD and PAR of rows that are computed alike."""

    scored: int
    asd: Estimate
    par: Estimate
    notes: tuple[str, ...] = ()


def summarize(
    labels: tuple[Dimension, str | None, str | None, str | None],
    cells: Mapping[CellKey, Cell],
    compat: str | None,
    *,
    by_subtask: bool,
) -> SummaryRow:
    """The row of the group ``labels`` (dimension, subtask, model, lang) over its ``cells``."""
    parts = {name: _measure(labels[0], name, group, compat) for name, group in _parts(cells).items()}
    whole = next(iter(parts.values())) if len(parts) == 1 else _mean(parts)
    notes = list(whole.notes)
    if labels[0] is Dimension.TRUTHFULNESS and not by_subtask:
        absent = [name for name in DIMENSIONS[labels[0]].subtasks if name not in parts]
        notes += [f"no {name} rows" for name in absent]
    n, abstained, truncated, left_out = (
        sum(getattr(cell, count) for cell in cells.values())
        for count in ("n", "abstained", "truncated", "left_out")
    )
    return SummaryRow(
        *labels,
        n=n,
        scored=whole.scored,
        abstained=abstained,
        failed=n - whole.scored - left_out,
        truncated=truncated,
        asd=whole.asd,
        par=whole.par,
        note="; ".join(notes),
    )


def _parts(cells: Mapping[CellKey, Cell]) -> dict[str, list[Cell]]:
    """Cells by the way they are computed: each pair task by itself, everything else together.

    The latter goes by the name of hallucination, truthfulness being the one dimension with several parts.
    """
    parts: dict[str, list[Cell]] = {}
    for key, cell in cells.items():
        name = key.subtask if key.is_pair_task and key.subtask else HALLUCINATION
        parts.setdefault(name, []).append(cell)
    return dict(sorted(parts.items(), key=lambda part: _PARTS_IN_ORDER.index(part[0])))


def _mean(parts: Mapping[str, _Part]) -> _Part:
    return _Part(
        sum(part.scored for part in parts.values()),
        mean_of_parts([part.asd.because(name) for name, part in parts.items()]),
        mean_of_parts([part.par.because(name) for name, part in parts.items()]),
        tuple(f"{name}: {note}" for name, part in parts.items() for note in part.notes),
    )


def _measure(dimension: Dimension, name: str, cells: list[Cell], compat: str | None) -> _Part:
    if name in PAIR_SUBTASKS:
        return _measure_pairs(name, cells, compat)
    scores, clusters = joined(cells, "scores", np.int8), joined(cells, "clusters", np.int64)
    top_score = DIMENSIONS[dimension].top_score
    return _Part(
        scores.size,
        asd(scores, top_score=top_score, clusters=clusters, compat=compat),
        par(scores, clusters=clusters),
        _notes((sum(cell.off_scale for cell in cells), "score", "off the scale")),
    )


def _measure_pairs(name: str, cells: list[Cell], compat: str | None) -> _Part:
    keys, clusters = joined(cells, "pairs", np.int64), joined(cells, "clusters", np.int64)
    second = joined(cells, "second", np.bool_)
    found = align(keys, second, joined(cells, "answers", np.int8), joined(cells, "right", np.int8))
    groups = _pair_clusters(found, keys, second, clusters)
    if name == NOISE_CONSISTENCY:
        rate = noise_consistency(found.first, found.second, found.right, clusters=groups, compat=compat)
        outside = "wrong on the clean image already"
    else:
        rate = position_swapping(found.first, found.second, clusters=groups, compat=compat)
        outside = "without an option in both runs"
    unplaced = sum(cell.unplaced for cell in cells)
    notes = _pair_notes(rate, int(found.repeated.sum()), unplaced, outside)
    return _Part(2 * (rate.asd.n + rate.outside), rate.asd, rate.par, notes)


def _pair_clusters(
    found: MatchedPairs, keys: NDArray[np.int64], second: NDArray[np.bool_], clusters: NDArray[np.int64]
) -> NDArray[np.int64]:
    """One cluster a pair: its first half's, as the noisy or swapped image may have another name."""
    place = np.searchsorted(found.pairs, keys)
    groups = np.zeros(found.pairs.size, np.int64)
    for half in (second, ~second):
        groups[place[half]] = clusters[half]
    return groups


def _pair_notes(rate: PairRate, repeated: int, unplaced: int, outside: str) -> tuple[str, ...]:
    return _notes(
        (rate.missing_half - repeated, "pair", "with a missing half"),
        (repeated, "pair", "with a repeated half"),
        (unplaced, "row", "without pair or role (missing half)"),
        (rate.unreadable, "pair", "with an unreadable answer"),
        (rate.no_right_answer, "pair", "without a right answer"),
        (rate.outside, "pair", outside),
    )


def _notes(*counts: tuple[int, str, str]) -> tuple[str, ...]:
    return tuple(f"{count:,} {noun}{'s' * (count != 1)} {what}" for count, noun, what in counts if count)
