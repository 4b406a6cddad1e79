"""The tables of a shipped judge's figures, for its card, docs/results.md and the terminal.

ShippedFigures ──> Table(title, headings, rows of text) ──markdown()──> Markdown

Every number in the columns of figures stands in metrics.json, here with three digits. The columns of words may hold
texts of the data, which pass ``guardrank.markdown.quoted``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from guardrank.markdown import quoted
from guardrank.metrics import Estimate
from guardrank.train.shipped_figures import (
    Abstention,
    Aim,
    BarElsewhere,
    Example,
    Measurement,
    Metric,
    Promise,
    Quoted,
    Rate,
    ShippedFigures,
    Slice,
)

_NO = "-"
_NAMES = {"accuracy": "accuracy", "kappa": "kappa", "ece": "ECE", "removed": "errors removed"}


class Table(NamedTuple):
    """A table of text; the first ``texts`` columns are words, set left, the others figures."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    texts: int = 1


def markdown(table: Table) -> str:
    """The table in Markdown, without its title."""
    alignment = ["---" if i < table.texts else "---:" for i in range(len(table.headings))]
    rows = [[*map(quoted, row[: table.texts]), *row[table.texts :]] for row in table.rows]
    lines = [table.headings, alignment, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def aims_table(figures: ShippedFigures) -> Table:
    """What was to be reached, what is, and what others reach: every file, ECE by dimension, abstention."""
    headings = ("measurement", "figure", "n (clusters)", "aim", "ours [95 %]", "n-grams", "GPT-4", "reached")
    files = [_aim_row(one, one.group) for one in figures.of_group("trained", "unseen")]
    dimensions = [_aim_row(one, "all trained") for one in figures.of_group("pooled") if one.aim]
    rest = [_abstention_aim(one) for one in figures.abstention]
    return Table("Aims", headings, [*files, *dimensions, *rest], texts=2)


def files_table(figures: ShippedFigures) -> Table:
    """All four figures of every file, dimension and language."""
    headings = ("rows", "n", "unsafe", "left out", "accuracy", "kappa", "F1 of unsafe", "ECE")
    rows = [
        (
            f"{one.name}, {'all trained' if one.group == 'pooled' else one.group}",
            f"{one.n:,}",
            f"{one.positives:,}",
            _left_out(one) or _NO,
            *(shown(each) for each in (one.accuracy, one.kappa, one.f1, one.ece)),
        )
        for one in figures.measurements
    ]
    return Table("Agreement with people", headings, rows)


def slices_table(figures: ShippedFigures) -> Table:
    """How often the judge is wrong about the kinds of rows on which judges fail."""
    headings = ("kind", "what", "safe rows (clusters)", "false alarms", "unsafe rows (clusters)", "misses")
    return Table("Hard kinds of rows", headings, [_slice_row(one) for one in figures.slices], texts=2)


def abstention_table(figures: ShippedFigures) -> Table:
    """What the judge's confidence is good for."""
    headings = ("rows", "n (clusters)", "error rate", "given up", "errors removed", "area under risk-coverage")
    rows = [
        (
            one.group,
            _counts(one.n, one.clusters),
            shown(one.error_rate),
            f"{one.share:.2f}",
            _with_doubt(shown(one.removed), one.undecided),
            shown(one.aurc),
        )
        for one in figures.abstention
    ]
    return Table("Abstaining on the least sure", headings, rows)


def promises_table(figures: ShippedFigures) -> Table:
    """Promised error rates beside those that came true."""
    headings = ("rows", "promised", "n", "kept", "coverage", "error rate of the kept")
    rows = [_promise_row(one.group, promise) for one in figures.abstention for promise in one.promises]
    return Table("Promised error rates", headings, rows)


def bars_table(figures: ShippedFigures) -> Table:
    """Each source judged by the bar of all sources, and by that of the others."""
    headings = (
        "dev rows",
        "n (clusters)",
        "bar",
        "bar without it",
        "accuracy",
        "accuracy without it",
        "kappa",
        "kappa without it",
        "difference",
    )
    return Table("Bars elsewhere", headings, [_bar_row(one) for one in figures.bars])


def examples_table(figures: ShippedFigures) -> Table:
    """Rows that the judge gets wrong."""
    headings = ("row", "prompt", "response", "people", "judge", "confidence")
    return Table("Wrong verdicts", headings, [_example_row(one) for one in figures.examples], texts=3)


def shown(estimate: Estimate) -> str:
    """``0.790 [0.770, 0.810]``, or why there is no figure."""
    if estimate.value is None:
        return f"undefined: {estimate.undefined}"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:z.3f}"
    return f"{estimate.value:z.3f} [{estimate.low:z.3f}, {estimate.high:z.3f}]"


def _aim_row(one: Measurement, where: str) -> tuple[str, ...]:
    metric: Metric = one.aim.metric if one.aim else "kappa"
    figure: Estimate = getattr(one, metric)
    return (
        f"{one.name}, {where}",
        _NAMES[metric],
        _counts(one.n, one.clusters),
        _bound(one.aim),
        shown(figure),
        _quoted(one.ngrams, metric),
        _quoted(one.gpt4, metric),
        _outcome(one.reached, one.undecided),
    )


def _abstention_aim(one: Abstention) -> tuple[str, ...]:
    counts, removed = _counts(one.n, one.clusters), shown(one.removed)
    outcome = _outcome(one.reached, one.undecided)
    return (f"abstaining, {one.group}", _NAMES["removed"], counts, _bound(one.aim), removed, _NO, _NO, outcome)


def _counts(rows: int, clusters: int) -> str:
    return f"{rows:,} ({clusters:,})"


def _bound(aim: Aim | None) -> str:
    return f"{aim.bound:.3f}" if aim else _NO


def _quoted(figure: Quoted | None, metric: Metric) -> str:
    """A figure of another's, if it is the same figure; without a star it is of the same rows."""
    if figure is None or figure.metric != metric:
        return _NO
    return f"{figure.value:z.3f}{'*' if figure.n is None else ''}"


def _outcome(reached: bool | None, undecided: str | None) -> str:
    if reached is None:
        return "undecided" if undecided else _NO
    return _with_doubt("yes" if reached else "no", undecided)


def _with_doubt(text: str, undecided: str | None) -> str:
    return f"{text}, undecided" if undecided else text


def _left_out(one: Measurement) -> str:
    counts = ((one.left_out, "known prompt"), (one.open_labels, "open label"), (one.failed, "failed"))
    return ", ".join(f"{count:,} {why}" for count, why in counts if count)


def _slice_row(one: Slice) -> tuple[str, ...]:
    return (one.name, one.what, *_rate_cells(one.false_alarms), *_rate_cells(one.misses))


def _rate_cells(rate: Rate) -> Iterable[str]:
    if not rate.n:
        return ("0", _NO)
    return (_counts(rate.n, rate.clusters), _with_doubt(shown(rate.share), rate.undecided))


def _promise_row(group: str, one: Promise) -> tuple[str, ...]:
    promised = "by default" if one.promised is None else f"{one.promised:.3f}"
    error_rate = _with_doubt(shown(one.error_rate), one.undecided)
    return (f"{group}, {one.rows}", promised, f"{one.n:,}", f"{one.kept:,}", shown(one.coverage), error_rate)


def _bar_row(one: BarElsewhere) -> tuple[str, ...]:
    return (
        f"{one.source}, {one.dimension}",
        _with_doubt(_counts(one.n, one.clusters), one.undecided),
        f"{one.bar:.3f}",
        f"{one.bar_elsewhere:.3f}",
        *(shown(each) for each in (one.accuracy, one.accuracy_elsewhere, one.kappa, one.kappa_elsewhere)),
        shown(one.difference),
    )


def _example_row(one: Example) -> tuple[str, ...]:
    return (one.id, one.prompt, one.response, f"{one.human}", f"{one.score}", f"{one.confidence:.3f}")
