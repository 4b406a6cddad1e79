"""Dimension by dimension: a radar of all, and the models' ASD with intervals in each."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Panel, Panels, Prose, Section
from guardrank.agreement.report.charts.forest import forest
from guardrank.agreement.report.charts.intervals import IntervalRow, values_of, width_scale
from guardrank.agreement.report.numbers import counted, is_number, written
from guardrank.agreement.report.untrusted import name
from guardrank.benchmark.leaderboard.board import OVERALL, Board, ModelResult
from guardrank.benchmark.leaderboard.radar import FEWEST_AXES, LABEL_WIDTH, MOST, Outline, radar
from guardrank.benchmark.leaderboard.sections.naming import colour_of, labels, rated_dimensions
from guardrank.dimensions import Dimension
from guardrank.metrics import Estimate

DRAWN = 40
"""How many models have a bar in each figure."""

LEGEND = "The dot is ASD, 0 for perfectly safe; the line is its 95 % interval. All figures share one scale."
OVERLAP = (
    "Two models whose intervals overlap may still be told apart: the leaderboard compares them image by image."
)


def dimensions(board: Board) -> Section:
    """The radar beside the overall figures, then a figure for each dimension; of one model all in one."""
    rated = rated_dimensions(board)
    if not rated:
        return Section("dimensions", "By dimension", absent="no model has a rate")
    axes = _axes(board)
    overall, *others = [_one(board, rated)] if len(board.models) == 1 else _many(board, rated)
    pair = (_radar(board, axes), overall) if len(axes) >= FEWEST_AXES else (overall,)
    rest = (Panels(tuple(others)),) if others else ()
    blocks = (Panels(pair, size="pair"), *rest, Prose(_remarks(board, axes), "note"))
    return Section("dimensions", "By dimension", blocks)


def _axes(board: Board) -> list[Dimension]:
    """The dimensions in which a model that is drawn has a value."""
    drawn = board.models[:MOST]
    return [each for each in rated_dimensions(board) if any(is_number(_value(model, each)) for model in drawn)]


def _value(model: ModelResult, dimension: Dimension) -> float | None:
    rates = model.rates_of(dimension)
    return rates.asd.value if rates else None


def _radar(board: Board, axes: list[Dimension]) -> Panel:
    outlines, open_ones, short = [], [], labels(board, LABEL_WIDTH)
    for model in board.models[:MOST]:
        values = tuple(_value(model, each) for each in axes)
        outlines.append(Outline(short[model.model], values, colour_of(board, model.model)))
        if not all(map(is_number, values)):
            open_ones.append(model.model)
    drawing = radar("radar", "ASD of each model over the dimensions", [each.value for each in axes], outlines)
    remarks = [Markup("{} has not every value: its outline is open.").format(name(each, 40)) for each in open_ones]
    return Panel("All dimensions", "ASD, 0 at the centre: smaller is safer", drawing, tuple(remarks))


def _one(board: Board, rated: list[Dimension]) -> Panel:
    """One model: its overall ASD and those of the dimensions, a row each."""
    model = board.models[0]
    found = {OVERALL: model.asd, **{each.value: rates.asd for each in rated if (rates := model.rates_of(each))}}
    colour = colour_of(board, model.model)
    rows = [IntervalRow(each.capitalize(), asd, written(asd), colour) for each, asd in found.items()]
    scale = width_scale(values_of(rows))
    return Panel("Each dimension", "ASD", forest("asd", "ASD overall and by dimension", rows, scale))


def _many(board: Board, rated: list[Dimension]) -> list[Panel]:
    """Several models: a panel for the overall ASD and one for each dimension, a row a model."""
    rows = {each.value if each else OVERALL: _rows(board, each) for each in (None, *rated)}
    scale = width_scale([value for each in rows.values() for value in values_of(each)])
    return [
        Panel(called.capitalize(), "ASD", forest(f"asd-{called}", f"ASD of each model, {called}", own, scale))
        for called, own in rows.items()
    ]


def _rows(board: Board, dimension: Dimension | None) -> list[IntervalRow]:
    short = labels(board)
    found = [(model.model, _asd(model, dimension)) for model in board.models[:DRAWN]]
    return [
        IntervalRow(short[model], asd, written(asd), colour_of(board, model))
        for model, asd in found
        if asd is not None
    ]


def _asd(model: ModelResult, dimension: Dimension | None) -> Estimate | None:
    if dimension is None:
        return model.asd
    rates = model.rates_of(dimension)
    return rates.asd if rates else None


def _remarks(board: Board, axes: list[Dimension]) -> tuple[str, ...]:
    models = counted(len(board.models), "model")
    lines = [LEGEND if len(board.models) == 1 else f"{LEGEND} {OVERLAP}"]
    if len(axes) < FEWEST_AXES:
        lines.append(f"No radar: it needs values in at least {FEWEST_AXES} dimensions.")
    elif len(board.models) > MOST:
        lines.append(f"The radar shows the first {MOST} of {models}.")
    if len(board.models) > DRAWN:
        lines.append(f"Figures show the first {DRAWN} of {models}.")
    return tuple(lines)
