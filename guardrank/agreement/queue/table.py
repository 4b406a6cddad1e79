"""The table that ``guardrank-agree queue`` prints: what was chosen of each dimension and language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrank.agreement.queue.candidates import Candidates
from guardrank.agreement.queue.opinions import Opinion
from guardrank.agreement.queue.selection import Pick

_TITLE = "Mean uncertainty of chosen rows (of all): 0 sure, 1 no idea"
_COLUMNS = ("rows", "chosen", "random", "abstained", "failed", "uncertainty")


@dataclass
class _Line:
    """What is counted of one group; abstained and failed are those in the queue."""

    rows: int = 0
    chosen: int = 0
    random: int = 0
    abstained: int = 0
    failed: int = 0
    of_chosen: list[float] = field(default_factory=list)
    of_all: list[float] = field(default_factory=list)

    def add(self, other: _Line) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def cells(self) -> Iterable[str]:
        yield from (f"{count:,}" for count in (self.rows, self.chosen, self.random, self.abstained, self.failed))
        yield f"{_mean(self.of_chosen)} ({_mean(self.of_all)})" if self.of_all else "unknown"


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.2f}" if values else "none"


def print_table(
    candidates: Candidates, opinions: Sequence[Opinion | None], picks: Sequence[Pick], console: Console
) -> None:
    """One line a dimension and language, and all; names from data are never read as markup."""
    lines = {group: _Line() for group in sorted(set(candidates.group))}
    for group, opinion in zip(candidates.group, opinions, strict=True):
        lines[group].rows += 1
        lines[group].of_all += _uncertainty(opinion)
    for pick in picks:
        _count(lines[candidates.group[pick.row]], pick, opinions[pick.row])
    table = Table(title=_TITLE, title_justify="left", title_style="italic", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("dimension", no_wrap=True)
    table.add_column("lang", overflow="fold")
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    total = _Line()
    for group, line in lines.items():
        total.add(line)
        table.add_row(*map(Text, (group.dimension, group.lang or "?", *line.cells())))
    table.add_section()
    table.add_row(*map(Text, ("all", "", *total.cells())))
    console.print(table)


def _count(line: _Line, pick: Pick, opinion: Opinion | None) -> None:
    if pick.sampled == "random":
        line.random += 1
    else:
        line.chosen += 1
        line.of_chosen += _uncertainty(opinion)
    if opinion is not None:
        line.abstained += opinion.abstained
        line.failed += opinion.error is not None


def _uncertainty(opinion: Opinion | None) -> list[float]:
    return [] if opinion is None or opinion.uncertainty is None else [opinion.uncertainty]
