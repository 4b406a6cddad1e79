"""What failed: cases without a response or a score, by reason; they are in no figure and never count as a score."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Prose, Row, Section, Table
from guardrank.agreement.report.cells import counts_cell
from guardrank.agreement.report.untrusted import name
from guardrank.benchmark.leaderboard.board import Board, ModelResult

NOTES = 20
"""How many notes of rates the page shows."""

LEGEND = (
    "A case without a response or a score is in no figure and is never counted as a score. Cut responses ran into "
    "the token limit and are judged as they are; truncated ones were longer than the judge reads. Truncated and "
    "abstained count clean cases alone, all else attacked twins too."
)
_HEAD = ("Model", "Cases", "Answered", "Cut", "Truncated", "Abstained", "Failed", "Why")


def failures(board: Board) -> Section:
    """Counts for each model, and what was left out of single rates."""
    if not board.models:
        return Section("failures", "What failed", absent="there is no run")
    table = Table("Cases of each model", _HEAD, tuple(map(_row, board.models)))
    return Section("failures", "What failed", (table, Prose((LEGEND, *_notes(board)), "note")))


def _row(model: ModelResult) -> Row:
    whole = [each for each in model.rates if each.by == "dimension"]
    truncated, abstained = (sum(getattr(each, key) for each in whole) for key in ("truncated", "abstained"))
    failed = sum(model.failures.values())
    counts = (model.cases, model.answered, model.cut, truncated, abstained, failed)
    return Row(name(model.model, 40), (*(Cell(f"{count:,}") for count in counts), counts_cell(model.failures)))


def _notes(board: Board) -> list[Markup]:
    """``truthfulness: no position-swapping rows (a, b)``: each note once, with whom it concerns."""
    found: dict[tuple[str, str], list[str]] = {}
    for model in board.models:
        for each in model.rates:
            if each.by == "dimension" and each.note:
                found.setdefault((each.dimension.value, each.note), []).append(model.model)
    return [
        Markup("{}: {}{}.").format(dimension, name(note, 200), _whom(board, models))
        for (dimension, note), models in list(found.items())[:NOTES]
    ]


def _whom(board: Board, models: list[str]) -> Markup:
    if len(models) == len(board.models):
        return Markup("")
    return Markup(" ({})").format(Markup(", ").join(name(each, 40) for each in models))
