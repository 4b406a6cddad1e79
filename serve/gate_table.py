"""The table that ``guardrank-export`` prints: what each export changes, by dimension.

All figures are in metrics.json; the table has those that fit a terminal of 100 columns, and wraps in a narrower.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrank.serve.gate_report import DEFAULT_BOUND, Comparison, GateReport

_TITLE = "Exports beside the torch judge; p: largest change, abst: abstentions changed, kappa: torch's"


def print_report(reports: Mapping[str, GateReport], console: Console, *, bound: float = DEFAULT_BOUND) -> None:
    """Print the figures of each variant, and by dimension where a judge has several."""
    table = Table(title=_TITLE, title_justify="left", title_style="italic", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in ("n", "flipped", "% [95 %]", "p", "abst", "kappa", "change [95 %]"):
        table.add_column(heading, justify="right", overflow="fold")
    for variant, report in reports.items():
        table.add_row(*_cells(variant, report))
        for dimension, part in report.dimensions.items() if len(report.dimensions) > 1 else ():
            table.add_row(*_cells(f" {dimension}", part))
        table.add_section()
    console.print(table)
    for variant, report in reports.items():
        if report.not_a_number:
            console.print(Text(f"{variant}: {report.numberless()}"))
        if report.passes(bound) and (parts := report.surely_above(bound)):
            console.print(Text(f"{variant}: in {', '.join(parts)} surely over the bound of {100 * bound:g} %"))


def _cells(name: str, part: Comparison) -> list[Text]:
    texts = (
        name,
        f"{part.rows:,}",
        f"{part.flipped:,}",
        part.share().replace(" %", ""),
        _shown(part.largest_difference),
        f"{part.abstentions_changed:,}",
        "undefined" if part.kappa_torch is None else f"{part.kappa_torch:z.3f}",
        _change(part),
    )
    return [Text(text) for text in texts]


def _shown(difference: float | None) -> str:
    if difference is None:
        return "undefined"
    return f"{difference:.0e}" if 0 < difference < 0.0005 else f"{difference:.3f}"


def _change(part: Comparison) -> str:
    if part.kappa_change is None:
        return ""
    if part.kappa_change_interval is None:
        return f"{part.kappa_change:+z.3f}"
    low, high = part.kappa_change_interval
    return f"{part.kappa_change:+z.3f} [{low:+z.2f}, {high:+z.2f}]"
