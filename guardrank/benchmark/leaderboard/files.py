"""The leaderboard as files: JSON with everything, CSV with a row a figure.

Spreadsheets take a cell that begins with = + - @ for a formula; such text gets an apostrophe in front, and control
characters, which could begin a new cell or line, become spaces.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from guardrank.benchmark.leaderboard.board import OVERALL, Board, ModelResult
from guardrank.dimensions import Dimension
from guardrank.metrics import Estimate

COLUMNS = ("model", "run", "dimension", "by", "value", "metric", "estimate", "low", "high", "n", "undefined")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def board_csv(board: Board) -> str:
    """One line for each model, group and metric, numbers as they are."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for model in board.models:
        for cells in _rows(model):
            writer.writerow([_cell(cell) for cell in cells])
    return stream.getvalue()


def _rows(model: ModelResult) -> Iterator[tuple[object, ...]]:
    for metric in ("asd", "par"):
        yield model.model, model.run, OVERALL, OVERALL, "", metric, *_estimate(getattr(model, metric))
    for one in model.rates:
        for metric in ("asd", "par"):
            yield *_named(model, one.dimension, one.by, one.value, metric), *_estimate(getattr(one, metric))
    for row in model.corrected:
        for metric in ("asd", "par"):
            rate = getattr(row, metric)
            yield *_named(model, row.dimension, "corrected", None, metric), *_estimate(rate.corrected)


def _named(model: ModelResult, dimension: Dimension, by: str, value: str | None, metric: str) -> tuple[object, ...]:
    return model.model, model.run, dimension.value, by, value or "", metric


def _estimate(one: Estimate) -> tuple[object, ...]:
    return one.value, one.low, one.high, one.n, one.undefined or ""


def _cell(cell: object) -> object:
    if isinstance(cell, str):
        text = _CONTROL.sub(" ", cell)
        return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
    return round(cell, 6) if isinstance(cell, float) else cell
