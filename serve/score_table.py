"""The table that ``guardrank-score`` prints: ASD and PAR by dimension, subtask, model and language."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrank.metrics import Estimate, SummaryRow, Tally
from guardrank.metrics.tally import By

_SECTIONS: tuple[By, ...] = ("dimension", "subtask", "model", "lang")
_TITLE = "ASD 0 best, PAR 1 best; abst: abstained, fail: not judged, cut: truncated"
MANY_GROUPS = 40
"""A section with more rows than this is left to the verdict file."""


def print_tables(tally: Tally, console: Console, rejected: int = 0) -> None:
    """Print one table with a section for each way of grouping; names from data are never read as markup."""
    table = Table(title=_TITLE, title_justify="left", title_style="italic", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", overflow="fold")
    table.add_column("n", justify="right", no_wrap=True)
    for column in ("ASD [95 %]", "PAR [95 %]", "abst", "fail", "cut"):
        table.add_column(column, justify="right", no_wrap=True)
    for section in _SECTIONS:
        _add_section(table, section, tally.rows(section))
    console.print(table)
    _print_notes(tally.rows("dimension"), console)
    if rejected:
        console.print(Text(f"{rejected:,} rows were rejected and are in none of these figures."))


def _add_section(table: Table, section: By, rows: Sequence[SummaryRow]) -> None:
    """By subtask, model and language only what has a figure; what has none is told by dimension."""
    shown = rows if section == "dimension" else [row for row in rows if row.scored and _group(row, section)]
    if not shown:
        return
    table.add_row(Text(f"by {section}", style="bold"))
    if len(shown) > MANY_GROUPS:
        table.add_row(Text(f"{len(shown):,} groups: see the verdict file"))
    else:
        for row in shown:
            table.add_row(*_cells(row, section))
    table.add_section()


def _cells(row: SummaryRow, section: By) -> list[Text]:
    group = _group(row, section)
    texts = [
        f"{row.dimension.value} {group}" if group else row.dimension.value,
        f"{row.n:,}",
        show_estimate(row.asd),
        show_estimate(row.par),
        *(f"{count:,}" for count in (row.abstained, row.failed, row.truncated)),
    ]
    return [Text(text) for text in texts]


def _group(row: SummaryRow, section: By) -> str | None:
    return {"dimension": None, "subtask": row.subtask, "model": row.model, "lang": row.lang}[section]


def show_estimate(estimate: Estimate) -> str:
    """``0.31 [0.22, 0.42]``, or ``undefined``."""
    if estimate.value is None:
        return "undefined"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _print_notes(rows: Sequence[SummaryRow], console: Console) -> None:
    for row in rows:
        reasons = [row.note, f"undefined: {row.asd.undefined}" if row.asd.undefined else ""]
        if text := "; ".join(filter(None, reasons)):
            console.print(Text(f"{row.dimension.value}: {text}"))


def print_scorers(counts: dict[str, int], console: Console) -> None:
    """How many rows each judge scored; a verdict that abstains is nobody's."""
    scorers = ", ".join(f"{judge} {count:,}" for judge, count in sorted(counts.items()))
    console.print(Text(f"Rows scored by: {scorers or 'nobody'}"))


def print_label_counts(counts: dict[str, int], console: Console) -> None:
    """For a judge of another label set, which has no ASD: how often it gave each label."""
    table = Table(title="Labels given")
    table.add_column("label")
    table.add_column("n", justify="right")
    for label, count in sorted(counts.items()):
        table.add_row(Text(label), f"{count:,}")
    console.print(table)
