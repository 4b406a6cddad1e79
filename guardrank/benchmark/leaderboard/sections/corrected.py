"""Corrected by people's labels: the judge's rates, and what they are once its errors are taken out."""

from __future__ import annotations

from guardrank.agreement.corrected_results import CorrectedRow
from guardrank.agreement.report.blocks import Cell, Prose, Row, Section, Table
from guardrank.agreement.report.cells import estimate_cell
from guardrank.agreement.report.numbers import decimal, is_number, reason
from guardrank.agreement.report.untrusted import name
from guardrank.benchmark.leaderboard.board import Board, ModelResult
from guardrank.metrics import Estimate

LEGEND = (
    "Prediction-powered inference: the judge's rates on all cases, corrected by how it errs on those that people "
    "labelled. Places do not rest on these figures."
)
_HEAD = (
    "Model",
    "Dimension",
    "Labels",
    "Judge's ASD",
    "Corrected ASD",
    "Judge's PAR",
    "Corrected PAR",
    "Conclusion",
)


def corrected(board: Board) -> Section:
    """A line for each model and dimension that has labels."""
    rows = [_row(model, each) for model in board.models for each in model.corrected]
    if not rows:
        return Section("corrected", "Corrected by labels", absent="no labels were given (--labels)")
    table = Table("ASD and PAR by the judge, and corrected", _HEAD, tuple(rows))
    return Section("corrected", "Corrected by labels", (table, Prose((LEGEND,), "note")))


def _row(model: ModelResult, each: CorrectedRow) -> Row:
    cells = (
        Cell(each.dimension.value, tone="words"),
        Cell(f"{each.labelled:,}", f"of {each.rows:,}"),
        *(rate_cell(rate) for both in (each.asd, each.par) for rate in (both.judge, both.corrected)),
        Cell("undecided", name(each.undecided, 80), "words")
        if each.undecided
        else Cell("may be drawn", tone="words"),
    )
    return Row(name(model.model, 40), cells)


def rate_cell(rate: Estimate) -> Cell:
    """As ``estimate_cell``; where labels are intervals there may be bounds without a value between them."""
    if not is_number(rate.value) and is_number(rate.low) and is_number(rate.high):
        return Cell(f"{decimal(rate.low)} to {decimal(rate.high)}", reason(rate))
    return estimate_cell(rate, 2)
