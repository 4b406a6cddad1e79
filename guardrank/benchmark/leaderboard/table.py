"""The leaderboard on a terminal: models down, dimensions across, then what failed and what attacks change."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrank.benchmark.leaderboard.board import OVERALL, Board, ModelResult
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.metrics import Estimate


def print_board(board: Board, console: Console) -> None:
    """Print the tables; names from data are never read as markup."""
    console.print(_rates_table(board, "asd", "ASD, 0 best, with 95 % intervals"))
    console.print(_rates_table(board, "par", "PAR, 1 best"))
    if any(model.corrected for model in board.models):
        console.print(_corrected_table(board))
    if board.attacks:
        console.print(_attacks_table(board))
    console.print(_counts_table(board.models))
    for line in remarks(board):
        console.print(Text(line))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="italic", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(columns[0], overflow="fold", min_width=9)
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _rates_table(board: Board, metric: str, title: str) -> Table:
    dimensions = [one for one in DIMENSIONS if any(model.rates_of(one) for model in board.models)]
    has_places = metric == "asd" and len(board.models) > 1
    table = _table(title, "", *(["place"] if has_places else []), "overall", *map(_heading, dimensions))
    for model in board.models:
        cells = [stacked(getattr(model, metric))]
        cells += [_cell(model, one, metric) for one in dimensions]
        place = [str(model.places.get(OVERALL, "-"))] if has_places else []
        table.add_row(*map(Text, [model.model, *place, *cells]))
    return table


def _heading(dimension: Dimension) -> str:
    """No wider than an interval."""
    name = dimension.value
    return name if len(name) <= 9 else f"{name[:8]}-\n{name[8:]}"


def _cell(model: ModelResult, dimension: Dimension, metric: str) -> str:
    rates = model.rates_of(dimension)
    return stacked(getattr(rates, metric)) if rates else "-"


def _corrected_table(board: Board) -> Table:
    title = "corrected by people's labels"
    table = _table(title, "", "dimension", "labels", "judge's ASD", "corrected ASD", "judge's PAR", "corrected PAR")
    for model in board.models:
        for row in model.corrected:
            rates = [show(row.asd.judge), show(row.asd.corrected), show(row.par.judge), show(row.par.corrected)]
            table.add_row(*map(Text, [model.model, row.dimension.value, f"{row.labelled:,}", *rates]))
    return table


def _attacks_table(board: Board) -> Table:
    table = _table(
        "clean against attacked (change of ASD)", "", "attack", "dimension", "pairs", "clean", "attacked", "change"
    )
    for one in board.attacks:
        halves = ["-" if value is None else f"{value:.2f}" for value in (one.clean, one.attacked)]
        cells = [one.model, one.attack, one.dimension.value, f"{one.pairs:,}", *halves, show(one.change, sign=True)]
        table.add_row(*map(Text, cells))
    return table


def _counts_table(models: Sequence[ModelResult]) -> Table:
    table = _table("cases", "", "cases", "answered", "cut", "scored", "abstained", "failed")
    for model in models:
        whole = [one for one in model.rates if one.by == "dimension"]
        sums = (sum(getattr(one, name) for one in whole) for name in ("scored", "abstained", "failed"))
        counts = (model.cases, model.answered, model.cut, *sums)
        table.add_row(Text(model.model), *(f"{count:,}" for count in counts))
    return table


def remarks(board: Board) -> list[str]:
    """What has to be said beside the tables, a sentence each."""
    absent = [one.value for one in DIMENSIONS if one not in board.shared]
    lines = [f"Judged by {board.judge}."]
    if board.compat:
        lines.append(f"Computed as {board.compat}'s own scripts do, defects included.")
    if absent and board.shared:
        lines.append(
            f"Overall is the mean of {', '.join(board.shared)}; not every model has rates in {', '.join(absent)}."
        )
    for model in board.models:
        if model.failures:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in model.failures.items())
            lines.append(f"{model.model}, in no figure: {reasons}.")
    if len(board.models) > 1:
        lines.append("Places are a range where differences are not decided (paired bootstrap over images, Holm).")
    return lines


def stacked(estimate: Estimate) -> str:
    """The value, and its interval below it: five dimensions fit into 80 columns."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return show(estimate)
    low, high = (f"{end:.2f}".removeprefix("0") for end in (estimate.low, estimate.high))
    return f"{estimate.value:.2f}\n{low}-{high}"


def show(estimate: Estimate, *, sign: bool = False) -> str:
    """``0.31 [0.22, 0.42]``, or a dash."""
    if estimate.value is None:
        return "-"
    form = "+.2f" if sign else ".2f"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:{form}}"
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"
