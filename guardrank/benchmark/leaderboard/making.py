"""``make_board``: judged runs -> Board.

each run ──Tally──> rates by dimension, subtask, language, attack     (twins of attacks apart)
all runs ──cluster sums, resampled together──> overall ASD, differences, places
--labels ──prediction-powered inference──> ASD and PAR corrected for the judge's error
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from guardrank.agreement.corrected_results import CorrectedRow
from guardrank.benchmark.judging import Judged
from guardrank.benchmark.leaderboard.attacks import attack_effects, is_twin
from guardrank.benchmark.leaderboard.board import OVERALL, Board, Difference, GroupBy, ModelResult, Place, Rates
from guardrank.benchmark.leaderboard.clusters import cluster_names, cluster_sums
from guardrank.benchmark.leaderboard.places import compare, fewest_clusters, mean_of_dimensions, places, resampled
from guardrank.benchmark.runs import RunManifest
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.metrics import Estimate, SummaryRow, Tally, mean_of_parts
from guardrank.records import SCORED_IN_PAIR
from guardrank.versions import library_versions

NO_SHARED = "no dimension in which every model has rates"


@dataclass(frozen=True)
class JudgedRun:
    """A run before the leaderboard.

    Attributes:
        name: of its folder.
        label: as the leaderboard calls it, unlike any other's.
        corrected: by dimension, where people's labels are there.
    """

    name: str
    label: str
    manifest: RunManifest
    judged: Sequence[Judged]
    corrected: Sequence[CorrectedRow] = ()


@dataclass(frozen=True)
class BoardOptions:
    """How rates are computed, and what is said of it."""

    judge: str
    include_abstained: bool = False
    compat: str | None = None
    labels: str | None = None
    command: str = ""


def make_board(runs: Sequence[JudgedRun], options: BoardOptions) -> Board:
    """The leaderboard of ``runs``, lowest overall ASD first."""
    clean = [[one for one in run.judged if not is_twin(one)] for run in runs]
    tables = [_rates(own, options) for own in clean]
    shared = [dimension for dimension in DIMENSIONS if all(_has(table, dimension) for table in tables)]
    standing, differences = _standing(runs, clean, shared, options)
    results = [_result(run, table, shared, standing[run.label]) for run, table in zip(runs, tables, strict=True)]
    names = cluster_names([run.judged for run in runs])
    effects = [
        effect
        for run in runs
        for effect in attack_effects(run.label, run.judged, names, include_abstained=options.include_abstained)
    ]
    return Board(
        judge=options.judge,
        compat=options.compat,
        include_abstained=options.include_abstained,
        shared=shared,
        models=sorted(results, key=lambda one: (one.asd.value is None, one.asd.value or 0.0, one.model)),
        differences=differences,
        attacks=effects,
        labels=options.labels,
        versions=library_versions(("guardrank", "numpy", "onnxruntime")),
        command=options.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _standing(
    runs: Sequence[JudgedRun], clean: Sequence[Sequence[Judged]], shared: Sequence[Dimension], options: BoardOptions
) -> tuple[dict[str, dict[str, Place]], list[Difference]]:
    """Places of each model, overall and by dimension; and the differences overall."""
    standing: dict[str, dict[str, Place]] = {run.label: {} for run in runs}
    if len(runs) < 2 or not shared:
        return standing, []
    sums = cluster_sums(clean, include_abstained=options.include_abstained, compat=options.compat)
    rates = resampled(sums)
    groups: dict[str, Sequence[Dimension]] = {OVERALL: shared, **{one.value: (one,) for one in shared}}
    compared = {
        name: compare(mean_of_dimensions(rates, own), fewest_clusters(sums, own)) for name, own in groups.items()
    }
    for name, found in compared.items():
        for run, place in zip(runs, places(found, len(runs)), strict=True):
            standing[run.label][name] = place
    overall = compared[OVERALL]
    return standing, [
        Difference(first=runs[one.first].label, second=runs[one.second].label, asd=one.difference, p=one.p)
        for one in overall
    ]


def _has(table: Sequence[Rates], dimension: Dimension) -> bool:
    whole = (one for one in table if one.by == "dimension" and one.dimension is dimension)
    return any(one.asd.value is not None for one in whole)


def _result(
    run: JudgedRun, table: list[Rates], shared: Sequence[Dimension], own_places: dict[str, Place]
) -> ModelResult:
    responses = [one.response for one in run.judged if one.response and one.response.response is not None]
    return ModelResult(
        model=run.label,
        run=run.name,
        spec=run.manifest.spec,
        cases=len(run.judged),
        answered=len(responses),
        cut=sum(response.cut for response in responses),
        failures=dict(_failures(run.judged).most_common()),
        asd=_overall(table, shared, "asd"),
        par=_overall(table, shared, "par"),
        places=own_places,
        rates=table,
        corrected=list(run.corrected),
        facts=run.manifest.facts,
    )


def _overall(table: Sequence[Rates], shared: Sequence[Dimension], metric: Literal["asd", "par"]) -> Estimate:
    parts = [getattr(one, metric) for one in table if one.by == "dimension" and one.dimension in shared]
    return mean_of_parts(parts) if parts else Estimate.nothing(NO_SHARED)


def _failures(judged: Sequence[Judged]) -> Counter[str]:
    return Counter(one.verdict.error for one in judged if one.verdict.error not in (None, SCORED_IN_PAIR))


def _rates(judged: Sequence[Judged], options: BoardOptions) -> list[Rates]:
    names = cluster_names([judged])
    whole = _tally(judged, names, options)
    table = [_row(row, "dimension", None) for row in whole.rows("dimension")]
    table += [_row(row, "subtask", row.subtask) for row in whole.rows("subtask") if row.subtask]
    table += [_row(row, "lang", row.lang) for row in whole.rows("lang") if row.lang]
    return [*table, *_by_attack(judged, names, options)]


def _by_attack(judged: Sequence[Judged], names: Mapping[str, str], options: BoardOptions) -> Iterator[Rates]:
    for attack in sorted({one.case.attack for one in judged if one.case.attack}):
        own = [one for one in judged if one.case.attack == attack]
        for row in _tally(own, names, options).rows("dimension"):
            yield _row(row, "attack", attack)


def _tally(judged: Sequence[Judged], names: Mapping[str, str], options: BoardOptions) -> Tally:
    tally = Tally(include_abstained=options.include_abstained, compat=options.compat)
    for one in judged:
        tally.add(one.record, one.verdict, names[one.case.id])
    return tally


def _row(row: SummaryRow, by: GroupBy, value: str | None) -> Rates:
    return Rates(
        dimension=row.dimension,
        by=by,
        value=value,
        n=row.n,
        scored=row.scored,
        abstained=row.abstained,
        failed=row.failed,
        truncated=row.truncated,
        asd=row.asd,
        par=row.par,
        note=row.note,
    )
