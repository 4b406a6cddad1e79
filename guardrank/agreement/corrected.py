"""Corrected scores: ASD and PAR of a run by its judge, by people's labels, and by both together.

    Run + Sample ──by dimension (and subtask, model, language)──> CorrectedRow: ASD and PAR, a Rate each
                 ──the five dimensions──────────────────────────> Overall

The rates are of the rows that the judge scored, those that it abstained from among them: people's labels make up
for its doubts. Rows that it failed on are in no rate; they are counted, with what people said of them.
Pair subtasks are scored by a rule and are right as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from guardrank.agreement.correct_labels import LabelledRow, Sample
from guardrank.agreement.correct_rows import Run, RunRow, Scale
from guardrank.agreement.corrected_results import CorrectedRow, Failures, Overall, Rate
from guardrank.agreement.prediction_powered import CorrectedMean, JudgedRows, LabelledRows, corrected_mean
from guardrank.agreement.sample import MIN_CLUSTERS
from guardrank.annotations import Question
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.metrics import By, Estimate, Tally, mean_estimate, mean_of_parts
from guardrank.metrics.cells import CellKey
from guardrank.metrics.rates import NO_SCORES
from guardrank.metrics.summary import HALLUCINATION, SummaryRow

_T = TypeVar("_T")


class Group(NamedTuple):
    """What the rows of one line of the table share."""

    dimension: Dimension
    value: str | None


_VALUE: Mapping[By, Callable[[CellKey], str | None]] = {
    "dimension": lambda _: None,
    "subtask": lambda key: key.subtask,
    "model": lambda key: key.model,
    "lang": lambda key: key.lang,
}


@dataclass(frozen=True)
class _Metric:
    """What becomes of a score or label, as a share of the top score, and what predicts that of a row."""

    value: Callable[[float], float]
    predicted: Callable[[RunRow], float]


_ASD = _Metric(float, lambda row: row.degree)
_PAR = _Metric(lambda share: float(share == 0), lambda row: row.perfect)


def correct_scores(
    run: Run, sample: Sample, by: By, *, question: Question | None = None, leave_out_abstained: bool = False
) -> list[CorrectedRow]:
    """One row for each dimension of the run, or each dimension and value of ``by``, in the dimensions' order."""
    rows = _grouped(run.rows, by, lambda row: row.key)
    labels = _grouped(sample.rows, by, lambda label: label.row.key)
    return [
        _corrected_row(group, rows[group], labels.get(group, []), question, leave_out_abstained)
        for group in sorted(rows, key=lambda group: (list(DIMENSIONS).index(group.dimension), group.value or ""))
    ]


def overall(rows: Sequence[CorrectedRow]) -> list[Overall]:
    """The mean of the dimensions, for each value that has rows in all five."""
    found: dict[str | None, dict[str, CorrectedRow]] = {}
    for row in rows:
        found.setdefault(row.value, {})[row.dimension.value] = row
    return [
        Overall(
            value=value,
            undecided=_first(f"{name}: {row.undecided}" for name, row in dimensions.items() if row.undecided),
            asd=_mean({name: row.asd for name, row in dimensions.items()}),
            par=_mean({name: row.par for name, row in dimensions.items()}),
        )
        for value, dimensions in found.items()
        if len(dimensions) == len(DIMENSIONS)
    ]


def _first(reasons: Iterable[str]) -> str | None:
    return next(iter(reasons), None)


def _grouped(rows: Iterable[_T], by: By, key: Callable[[_T], CellKey]) -> dict[Group, list[_T]]:
    groups: dict[Group, list[_T]] = {}
    for row in rows:
        groups.setdefault(Group(key(row).dimension, _VALUE[by](key(row))), []).append(row)
    return groups


def _corrected_row(
    group: Group,
    rows: list[RunRow],
    labelled: list[LabelledRow],
    question: Question | None,
    leave_out_abstained: bool,
) -> CorrectedRow:
    def counts(row: RunRow) -> bool:
        return row.score is not None and not (leave_out_abstained and row.abstained)

    top = Scale.of(group.dimension, question).top
    judged = [row for row in rows if row.half is None]
    by_rule = [row for row in rows if row.half is not None]
    scored = [row for row in judged if counts(row)]
    labels = [label for label in labelled if counts(label.row)]
    asd, par = (_rate(metric, scored, labels, top) for metric in (_ASD, _PAR))
    pairs = _pair_rates(by_rule)
    clusters = len({label.row.cluster for label in labels})
    few = bool(judged) and clusters < MIN_CLUSTERS
    return CorrectedRow(
        dimension=group.dimension,
        value=group.value,
        rows=len(judged),
        scored=len(scored),
        abstained=sum(row.abstained and row.score is not None for row in judged),
        by_rule=len(by_rule),
        labelled=len(labels),
        clusters=clusters,
        undecided=f"{clusters} labelled prompts, {MIN_CLUSTERS} are needed" if few else None,
        imbalance=max(asd.imbalance, par.imbalance, key=abs),
        asd=_mean(_parts(asd.rate if judged else None, {name: one.asd for name, one in pairs.items()})),
        par=_mean(_parts(par.rate if judged else None, {name: one.par for name, one in pairs.items()})),
        failures=_failures(judged, labelled, top),
    )


class _Found(NamedTuple):
    rate: Rate
    imbalance: float


def _rate(metric: _Metric, scored: list[RunRow], labels: list[LabelledRow], top: int) -> _Found:
    """A rate of the ``scored`` rows; with labels that are intervals, its bounds."""
    clusters = np.array([row.cluster for row in scored], np.int64)
    values = [metric.value(row.score / top) for row in scored if row.score is not None]
    judge = mean_estimate(values, clusters, if_empty=NO_SCORES)
    run = JudgedRows(np.array([metric.predicted(row) for row in scored], np.float64), clusters)
    low, high = _both_ends(metric, labels, top, run)
    if open_labels := _open_labels(metric, labels, top):
        alone = _between(low.labels_alone, high.labels_alone, open_labels)
        bounds = _between(low.corrected, high.corrected, open_labels)
        return _Found(Rate(judge=judge, labels=alone, corrected=bounds), low.imbalance)
    known = low.corrected.value is not None
    rate = Rate(
        judge=judge,
        labels=low.labels_alone,
        corrected=low.corrected,
        tuning=low.tuning if known else None,
        gain=low.gain if known else None,
    )
    return _Found(rate, low.imbalance)


def _both_ends(
    metric: _Metric, labels: list[LabelledRow], top: int, run: JudgedRows
) -> tuple[CorrectedMean, CorrectedMean]:
    """What comes out where every label is as low as it may be, and as high."""
    ends = [sorted((metric.value(label.low / top), metric.value(label.high / top))) for label in labels]
    low, high = (
        corrected_mean(
            LabelledRows(
                labels=np.array([pair[end] for pair in ends], np.float64),
                judged=np.array([metric.predicted(label.row) for label in labels], np.float64),
                clusters=np.array([label.row.cluster for label in labels], np.int64),
                weights=np.array([label.weight for label in labels], np.float64),
            ),
            run,
        )
        for end in (0, 1)
    )
    return low, high


def _open_labels(metric: _Metric, labels: list[LabelledRow], top: int) -> str | None:
    """Why there are only bounds, None where every label says the value."""
    unsure = [label for label in labels if metric.value(label.low / top) != metric.value(label.high / top)]
    if not unsure:
        return None
    return f"{len(unsure):,} of {len(labels):,} labels are intervals such as [{unsure[0].low}, {unsure[0].high}]"


def _between(low: Estimate, high: Estimate, reason: str) -> Estimate:
    return Estimate(None, low.n, low.low, high.high, undefined=low.undefined or reason)


def _failures(judged: list[RunRow], labelled: list[LabelledRow], top: int) -> Failures:
    labels = [label for label in labelled if label.row.score is None]
    asd, par = (_rate(metric, [], labels, top).rate.labels for metric in (_ASD, _PAR))
    return Failures(rows=sum(row.score is None for row in judged), labelled=len(labels), asd=asd, par=par)


def _pair_rates(rows: list[RunRow]) -> dict[str, SummaryRow]:
    """The pair subtasks among ``rows``, as ``guardrank-score`` shows them."""
    tally = Tally(include_abstained=True)
    for row in rows:
        if row.half is not None:
            tally.add(*row.half, cluster=str(row.cluster))
    return {str(one.subtask): one for one in tally.rows("subtask")}


def _parts(judged: Rate | None, by_rule: Mapping[str, Estimate]) -> dict[str, Rate]:
    """Truthfulness's subtasks; any other dimension is a single part."""
    exact = {name: Rate(judge=one, labels=one, corrected=one) for name, one in by_rule.items()}
    return exact if judged is None else {HALLUCINATION: judged, **exact}


def _mean(parts: Mapping[str, Rate]) -> Rate:
    """The unweighted mean of ``parts``; the one there is, if it is the only one."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    judge, labels, corrected = (
        mean_of_parts([one.because(name) for name, one in zip(parts, column, strict=True)])
        for column in zip(*((rate.judge, rate.labels, rate.corrected) for rate in parts.values()), strict=True)
    )
    return Rate(judge=judge, labels=labels, corrected=corrected)
