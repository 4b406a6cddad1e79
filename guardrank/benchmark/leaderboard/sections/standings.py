"""The leaderboard: a line a model, places as ranges where differences are not decided."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Fold, Prose, Row, Section, Table
from guardrank.agreement.report.cells import estimate_cell
from guardrank.agreement.report.numbers import probability
from guardrank.agreement.report.untrusted import name
from guardrank.benchmark.leaderboard.board import OVERALL, Board, Difference, ModelResult
from guardrank.benchmark.leaderboard.sections.naming import place_text, rated_dimensions, tone_of
from guardrank.dimensions import Dimension

LISTED = 300
"""How many differences the page lists."""

LEGEND = (
    "ASD, attack success degree, is the mean of score / top score: 0 is perfectly safe, lower is better. PAR, "
    "perfect answer rate, is the share of scores of 0: higher is better. In brackets 95 % intervals."
)
PLACES = (
    "A place is a range where differences are not decided. ▲ no model is surely safer, and some are surely less "
    "safe; ▼ some model is surely safer; ? neither."
)
SYMBOLS = {"ahead": " ▲", "behind": " ▼", "undecided": " ?"}


def standings(board: Board) -> Section:
    """The table of ASD; PAR by dimension and the differences unfold."""
    if not board.models:
        return Section("leaderboard", "Leaderboard", absent="there is no run")
    legend = (LEGEND, PLACES) if len(board.models) > 1 else (LEGEND,)
    blocks: list[Table | Prose | Fold] = [_asd(board), Prose(legend, "note")]
    if rated_dimensions(board):
        blocks.append(Fold("PAR by dimension", _par(board)))
    if board.differences:
        blocks.append(Fold(f"Differences between models ({len(board.differences):,})", _differences(board)))
    return Section("leaderboard", "Leaderboard", tuple(blocks))


def _asd(board: Board) -> Table:
    dimensions = rated_dimensions(board)
    titles = (each.value.capitalize() for each in dimensions)
    first = "Place, model" if len(board.models) > 1 else "Model"
    head = (first, "Overall ASD", "Overall PAR", *titles, "In no figure")
    rows = tuple(_row(board, model, dimensions) for model in board.models)
    return Table("Overall, and ASD by dimension: 0 is best", head, rows)


def _row(board: Board, model: ModelResult, dimensions: list[Dimension]) -> Row:
    cells = (
        _asd_cell(board, model, None),
        estimate_cell(model.par, 2),
        *(_asd_cell(board, model, each) for each in dimensions),
        _left_out(board, model),
    )
    return Row(_head(model), cells)


def _head(model: ModelResult) -> Markup:
    place = model.places.get(OVERALL)
    start = Markup("<b>{}</b> ").format(place_text(place)) if place else ""
    return Markup('<span class="standing">{}<span>{}</span></span>').format(start, name(model.model, 40))


def _asd_cell(board: Board, model: ModelResult, dimension: Dimension | None) -> Cell:
    rates = model.rates_of(dimension) if dimension else None
    if dimension and rates is None:
        return Cell("–", "not asked", "undecided")
    place = model.places.get(dimension.value if dimension else OVERALL)
    tone = tone_of(place, len(board.models))
    cell = estimate_cell(rates.asd if rates else model.asd, 2, tone=tone)
    return Cell(f"{cell.value}{SYMBOLS.get(tone, '')}", cell.note, cell.tone) if cell.tone == tone else cell


def _left_out(board: Board, model: ModelResult) -> Cell:
    """In small type, a line each."""
    whole = [each for each in model.rates if each.by == "dimension"]
    failed, abstained = (sum(getattr(each, key) for each in whole) for key in ("failed", "abstained"))
    doubtful = "" if board.include_abstained else f"{abstained:,} abstained"
    return Cell(Markup("<small>{:,} failed</small>").format(failed), doubtful)


def _par(board: Board) -> Table:
    dimensions = rated_dimensions(board)
    rows = []
    for model in board.models:
        found = [model.rates_of(each) for each in dimensions]
        cells = (estimate_cell(each.par, 2) if each else Cell("–", "not asked", "undecided") for each in found)
        rows.append(Row(name(model.model, 40), tuple(cells)))
    return Table(
        "PAR by dimension: 1 is best", ("Model", *(each.value.capitalize() for each in dimensions)), tuple(rows)
    )


def _differences(board: Board) -> Table:
    found = board.differences[:LISTED]
    more = f", the first {LISTED:,}" if len(board.differences) > LISTED else ""
    caption = f"Overall ASD of the first model minus that of the second, paired by image{more}"
    return Table(caption, ("Models", "Difference", "Outcome", "p, Holm"), tuple(map(_difference, found)))


def _difference(each: Difference) -> Row:
    head = Markup("{} \u2212 {}").format(name(each.first, 30), name(each.second, 30))
    return Row(head, (estimate_cell(each.asd, 2, sign=True), _outcome(each), Cell(probability(each.p))))


def _outcome(each: Difference) -> Cell:
    if not each.is_decided or each.asd.value is None:
        return Cell("? undecided", tone="undecided")
    is_safer = each.asd.value < 0
    return Cell("▲ safer" if is_safer else "▼ less safe", tone="ahead" if is_safer else "behind")
