"""What a study says on the terminal: each rater beside people, the ceiling, and who is ahead of whom.

Names from data are printed as they are, letter by letter: never as markup, never as control codes.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrank.agreement.results import Agreement, Comparison, Rater, Slice, Study
from guardrank.metrics import Estimate

_FIGURES = ("n", "failed", "accuracy", "macro-F1", "kappa [95 %]", "QWK", "alpha")
_NAME_WIDTH = 14
_METRICS = {"kappa": "kappa", "weighted_kappa": "QWK", "accuracy": "accuracy"}


def print_study(study: Study, console: Console) -> None:
    """Print the figures of all rows; the rest is in ``study.json`` and the report."""
    everything = study.slices[0]
    prompts = f"{study.rows:,} rows of {study.clusters:,} prompts"
    console.print(plain(f"{study.title} ({' / '.join(study.classes)}): {prompts}"), style="bold")
    console.print(_raters_table(everything))
    for note in _notes(study, everything):
        console.print(note)
    if comparisons := [one for one in everything.comparisons if one.first == study.raters[0].name]:
        console.print()
        console.print(_comparisons_table(comparisons))
        if any(one.more_clusters is not None for one in comparisons):
            console.print("~N more prompts: so many, annotated, would settle a difference of this size.")
        if others := len(everything.comparisons) - len(comparisons):
            console.print(f"{others:,} more comparisons, of the other raters among themselves: see the report.")
    dimensions = [one for one in study.slices if one.by == "dimension"]
    if len(dimensions) > 1:
        console.print()
        console.print(_dimensions_table(study, dimensions))


def _raters_table(everything: Slice) -> Table:
    table = _new_table("Agreement with people; n: rows scored, failed: rows without a score")
    table.add_column("", overflow="fold", min_width=_NAME_WIDTH)
    for column in _FIGURES:
        table.add_column(column, justify="right", no_wrap=not column.startswith("kappa"))
    for one in everything.agreements:
        table.add_row(*_figures(one, f"{one.missing:,}"))
    if everything.humans:
        table.add_section()
        table.add_row(Text("people among themselves", style="bold"))
        for one in everything.humans:
            table.add_row(*_figures(one, ""))
    return table


def _figures(one: Agreement, failed: str) -> list[Text]:
    mark = "?" if one.undecided else ""
    cells = [
        one.rater,
        f"{one.n:,}",
        failed,
        _value(one.accuracy),
        _value(one.macro_f1),
        show_estimate(one.kappa) + mark,
        _value(one.weighted_kappa),
        _value(one.alpha),
    ]
    return [plain(cell) for cell in cells]


def _notes(study: Study, everything: Slice) -> list[Text]:
    notes = [
        f"? undecided, {one.rater}: {one.undecided}"
        for one in [*everything.agreements, *everything.humans]
        if one.undecided
    ]
    most = max(everything.agreements, key=lambda one: one.n).majority.value
    if most is not None:
        notes.append(f"Always giving the commonest label would be right on {most:.1%} of the rows.")
    notes += [note for rater in study.raters if (note := _failures(rater))]
    for count, what in ((study.unlabelled, "without a label"), (study.rejected, "rejected")):
        if count:
            notes.append(f"{_rows(count)} {what}: in none of these figures.")
    return [plain(note) for note in notes]


def _rows(count: int) -> str:
    return f"{count:,} row{'s' * (count != 1)}"


def _failures(rater: Rater) -> str:
    if not rater.failures:
        return ""
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in rater.failures.items())
    return f"{rater.name} has no score on {_rows(sum(rater.failures.values()))} ({reasons})."


def _comparisons_table(comparisons: Sequence[Comparison]) -> Table:
    table = _new_table("First minus second on the rows that both scored, paired by prompt")
    table.add_column("", overflow="fold", min_width=_NAME_WIDTH)
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("of")
    table.add_column("difference [95 %]", justify="right")
    table.add_column("p", justify="right", no_wrap=True)
    table.add_column("the first is", overflow="fold")
    for one in comparisons:
        cells = [
            f"{one.first} - {one.second}",
            f"{one.n:,}",
            _METRICS[one.metric],
            show_estimate(one.difference, sign="+"),
            "" if one.p is None else f"{one.p:.3f}" if one.p >= 0.001 else "<0.001",
            _outcome(one),
        ]
        table.add_row(*map(plain, cells))
    return table


def _outcome(one: Comparison) -> str:
    if one.outcome != "undecided" or one.more_clusters is None:
        return one.outcome
    return f"undecided, ~{one.more_clusters:,} more prompts"


def _dimensions_table(study: Study, dimensions: Sequence[Slice]) -> Table:
    table = _new_table("Kappa by dimension (intervals are in the report; ? undecided)")
    table.add_column("", overflow="fold", min_width=_NAME_WIDTH)
    for one in dimensions:
        table.add_column(f"{one.value}\nn {one.rows:,}", justify="right")
    for place, rater in enumerate(study.raters):
        figures = [one.agreements[place] for one in dimensions]
        marked = [f"{_value(given.kappa)}{'?' if given.undecided else ''}" for given in figures]
        table.add_row(*map(plain, [rater.name, *marked]))
    return table


def _new_table(title: str) -> Table:
    return Table(
        title=plain(title), title_justify="left", title_style="italic", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )


def show_estimate(estimate: Estimate, sign: str = "") -> str:
    """``0.634 [0.607, 0.661]``, or ``undefined``; ``sign="+"`` marks positive numbers too."""
    if estimate.value is None:
        return "undefined"
    text = format(estimate.value, f"{sign}.3f")
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{format(estimate.low, f'{sign}.3f')}, {format(estimate.high, f'{sign}.3f')}]"


def _value(estimate: Estimate) -> str:
    return "-" if estimate.value is None else f"{estimate.value:.3f}"


def plain(text: str) -> Text:
    """``text`` letter by letter: a control code in it becomes a question mark in a box."""
    return Text(
        "".join(
            letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text
        )
    )
