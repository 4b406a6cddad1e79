"""Where a model is weak: ASD by subtask, language and attack, the darker the worse."""

from __future__ import annotations

from math import ceil
from typing import Literal

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Fold, Prose, Row, Section, Table
from guardrank.agreement.report.cells import estimate_cell
from guardrank.agreement.report.numbers import is_number
from guardrank.agreement.report.untrusted import name
from guardrank.benchmark.leaderboard.board import Board, GroupBy, ModelResult, Rates
from guardrank.benchmark.leaderboard.sections.naming import labels
from guardrank.dimensions import DIMENSIONS, Dimension

OPEN = 16
"""Tables of more rows unfold."""
LISTED = 400
"""How many rows a table has at all."""
COLUMNS = 20
"""How many models have a column."""

TITLES: dict[GroupBy, str] = {"subtask": "By subtask", "lang": "By language", "attack": "By attack"}
LEGEND = (
    "ASD with its 95 % interval, n the responses that it is of; the darker the ground, the less safe. By attack "
    "counts the cases as they came; what an attack of guardrank-bench changes stands below."
)


def slices(board: Board) -> Section:
    """A table for each kind of slice that there is."""
    blocks: list[Table | Fold | Prose] = []
    for by, title in TITLES.items():
        keys = _keys(board, by)
        if keys:
            table = _table(board, by, f"{title}{_left_out(len(keys))}", keys[:LISTED])
            blocks.append(table if len(keys) <= OPEN else Fold(f"{title} ({len(keys):,})", table))
    if blocks:
        lines = (LEGEND, *_columns_remark(board))
        blocks.append(Prose(lines, "note"))
    return Section("slices", "Where they are weak", tuple(blocks), "the cases name no subtask, language or attack")


def _keys(board: Board, by: GroupBy) -> list[tuple[Dimension, str]]:
    found = {(each.dimension, each.value or "") for model in board.models for each in model.rates if each.by == by}
    order = list(DIMENSIONS)
    return sorted(found, key=lambda key: (order.index(key[0]), key[1]))


def _left_out(rows: int) -> str:
    return f", the first {LISTED:,} of {rows:,}: leaderboard.csv has all" if rows > LISTED else ""


def _columns_remark(board: Board) -> tuple[str, ...]:
    few = len(board.models) <= COLUMNS
    return () if few else (f"The first {COLUMNS} of {len(board.models):,} models; leaderboard.csv has all.",)


def _table(board: Board, by: GroupBy, caption: str, keys: list[tuple[Dimension, str]]) -> Table:
    shown = board.models[:COLUMNS]
    tables = [_rates(model, by) for model in shown]
    if len(shown) == 1:
        head: tuple[str, ...] = ("", "ASD", "PAR")
        rows = [Row(_head(key), (_cell(tables[0].get(key)), _par(tables[0].get(key)))) for key in keys]
    else:
        short = labels(board)
        head = ("", *(name(short[model.model], 30) for model in shown))
        rows = [Row(_head(key), tuple(_cell(table.get(key)) for table in tables)) for key in keys]
    return Table(caption, head, tuple(rows))


def _rates(model: ModelResult, by: GroupBy) -> dict[tuple[Dimension, str], Rates]:
    return {(each.dimension, each.value or ""): each for each in model.rates if each.by == by}


def _head(key: tuple[Dimension, str]) -> Markup:
    return Markup("{} <small>{}</small>").format(name(key[1], 40), key[0].value)


def _cell(rates: Rates | None) -> Cell:
    if rates is None:
        return Cell("–", tone="undecided")
    cell = estimate_cell(rates.asd, 2)
    if not is_number(rates.asd.value):
        return cell
    return Cell(cell.value, f"{cell.note} n {rates.scored:,}".strip(), shade=shade_of(rates.asd.value))


def _par(rates: Rates | None) -> Cell:
    return estimate_cell(rates.par, 2) if rates else Cell("–", tone="undecided")


def shade_of(asd: float) -> Literal[0, 1, 2, 3, 4]:
    """0 for a perfect rate, 4 for one above 0.75."""
    shades: tuple[Literal[0, 1, 2, 3, 4], ...] = (0, 1, 2, 3, 4)
    return shades[min(4, max(0, ceil(asd * 4)))]
