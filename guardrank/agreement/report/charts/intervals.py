"""Rows of estimates: a label and the figure in words, below them a bar with the interval and the value on it.

gpt-4                          0.63 [0.61, 0.66]
|░░░░░░░|░░░░░░░|░░░░░░░|━━●━━░░░|░░░░▒▒▒▒▒░|░░|      ▒ the human ceiling
0.0     0.2     0.4     0.6     0.8        1.0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.charts.svg import EMPTY, element, percent_of_width
from guardrank.agreement.report.numbers import ends, is_number, reason
from guardrank.agreement.report.untrusted import visible
from guardrank.metrics import Estimate

ROW = 48
AXIS = 22
BAR = 16
LABEL_WIDTH = 18
MARGIN = 2.0
"""Percent of the width left free on both sides, so that dots at the ends stay inside."""
_EDGE = 8.0
"""Tick labels nearer than this to an edge, in percent, end there instead of reaching out."""


@dataclass(frozen=True)
class Band:
    """A range of the scale with a meaning: its ends and what it is."""

    low: float
    high: float
    written: str


@dataclass(frozen=True)
class IntervalRow:
    """One row.

    Attributes:
        label: whose estimate; from data.
        written: the estimate in words; where it is undefined, the reason stands on the bar.
        colour: class that colours the row.
        hollow: drawn hollow and dashed, as no conclusion should be drawn.
        mark: shape of the value.
    """

    label: str
    estimate: Estimate
    written: str
    colour: str
    hollow: bool = False
    mark: Literal["dot", "diamond"] = "dot"


def values_of(rows: Sequence[IntervalRow]) -> list[float | None]:
    """All values and interval ends of ``rows``, for a scale that holds them."""
    return [end for row in rows for end in (row.estimate.value, *(ends(row.estimate) or ()))]


def width_scale(values: Sequence[float | None], include: tuple[float, float] = (0.0, 1.0)) -> Scale:
    """The scale of ``values`` over the width of a drawing, in percent."""
    return Scale.over(values, MARGIN, 100 - MARGIN, include)


def interval_rows(rows: Sequence[IntervalRow], scale: Scale, top: float, band: Band | None = None) -> Markup:
    """All ``rows``, the first at height ``top``, with ``band`` on the bar of each."""
    behind = [EMPTY] if band is None else [_band(band, scale)]
    return EMPTY.join(_row(row, scale, top + ROW * place, behind) for place, row in enumerate(rows))


def axis(scale: Scale, y: float, *, sign: bool = False) -> Markup:
    """The values of the ticks, in a line at height ``y``."""
    return EMPTY.join(_tick(scale(tick), y, scale.tick_text(tick, sign=sign)) for tick in scale.ticks)


def in_words(rows: Sequence[IntervalRow]) -> str:
    """What the rows show, for the drawing's description."""
    return "; ".join(f"{visible(row.label, 60)}: {row.written}" for row in rows)


def _tick(position: float, y: float, text: str) -> Markup:
    if position < _EDGE:
        return element("text", text, x="0", y=y, class_="tick")
    if position > 100 - _EDGE:
        return element("text", text, x="100%", y=y, text_anchor="end", class_="tick")
    return element("text", text, x=percent_of_width(position), y=y, text_anchor="middle", class_="tick")


def _row(row: IntervalRow, scale: Scale, top: float, behind: Sequence[Markup]) -> Markup:
    """The row, drawn from ``top`` on in a coordinate system of its own."""
    y = 24 + BAR / 2
    said = row.written if is_number(row.estimate.value) else "undefined"
    parts = [
        element("text", visible(row.label, LABEL_WIDTH), x="0", y=16, class_="label"),
        element("text", said, x="100%", y=16, text_anchor="end", class_="value"),
        element("rect", x="0", y=24, width="100%", height=BAR, rx=3, class_="track"),
        *(_line(scale, tick) for tick in scale.ticks),
        *behind,
    ]
    if interval := ends(row.estimate):
        low, high = (percent_of_width(scale(end)) for end in interval)
        parts.append(element("line", x1=low, x2=high, y1=y, y2=y, class_="range"))
    if is_number(row.estimate.value):
        parts.append(_mark(row, percent_of_width(scale(row.estimate.value)), y))
    else:
        parts.append(element("text", visible(reason(row.estimate)), x=6, y=y + 4, class_="why"))
    colour = f"{row.colour} hollow" if row.hollow else row.colour
    return element("g", *parts, class_=colour, transform=f"translate(0 {top:g})")


def _line(scale: Scale, tick: float) -> Markup:
    x, tone = percent_of_width(scale(tick)), "zero" if abs(tick) < scale.step / 2 else "grid"
    return element("line", x1=x, x2=x, y1=24, y2=24 + BAR, class_=tone)


def _band(band: Band, scale: Scale) -> Markup:
    start, end = scale(band.low), max(scale(band.high), scale(band.low) + 0.4)
    x, width = percent_of_width(start), percent_of_width(end - start)
    return element("rect", x=x, y=24, width=width, height=BAR, class_="ceiling")


def _mark(row: IntervalRow, x: str, y: float) -> Markup:
    if row.mark == "dot":
        return element("circle", cx=x, cy=y, r=6, class_="dot")
    shape = element("path", d="M0,-8L8,0L0,8L-8,0Z", class_="dot")
    return element("svg", shape, x=x, y=y, overflow="visible")
