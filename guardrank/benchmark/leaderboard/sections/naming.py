"""How the sections call and colour models, dimensions and places."""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from guardrank.agreement.report.blocks import Tone
from guardrank.agreement.report.charts.intervals import LABEL_WIDTH
from guardrank.agreement.report.findings import COLOURS
from guardrank.agreement.report.untrusted import name
from guardrank.benchmark.leaderboard.board import Board, Place
from guardrank.dimensions import DIMENSIONS, Dimension


def colour_of(board: Board, model: str) -> str:
    """The class that colours ``model``, the same in every figure."""
    names = [each.model for each in board.models]
    return f"c{names.index(model) % COLOURS}" if model in names else "people"


def model_name(board: Board, model: str) -> Markup:
    """The name of ``model`` in its colour, for sentences."""
    return Markup('<b class="{}">{}</b>').format(colour_of(board, model), name(model))


def labels(board: Board, width: int = LABEL_WIDTH) -> dict[str, str]:
    """Short names for figures: without the vendor where that stays unlike all others, the middle left out."""
    ends = {model.model: model.model.rpartition("/")[2] or model.model for model in board.models}
    times = Counter(ends.values())
    return {model: _narrow(end if times[end] == 1 else model, width) for model, end in ends.items()}


def _narrow(text: str, width: int) -> str:
    """Names of models of one family differ at their end, which a cut must not take."""
    room = width // 2
    return text if len(text) <= width else f"{text[: room - 1]}…{text[-room:]}"


def rated_dimensions(board: Board) -> list[Dimension]:
    """The dimensions in which any model has rates."""
    return [each for each in DIMENSIONS if any(model.rates_of(each) for model in board.models)]


def place_text(place: Place) -> str:
    """``1``, ``1–3``."""
    return str(place).replace("-", "–")


def tone_of(place: Place | None, models: int) -> Tone:
    """``behind`` where another model is surely safer, ``ahead`` where only others are surely less safe."""
    if place is None:
        return ""
    if place.best > 1:
        return "behind"
    return "ahead" if place.worst < models else "undecided"
