"""Radar: rates of several models over the dimensions, 0 at the centre; the smaller the outline, the safer.

Models differ in colour, dashes and marks. Where a model has no value its outline stands open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin

from markupsafe import Markup

from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.charts.svg import EMPTY, element, fixed_drawing, points
from guardrank.agreement.report.numbers import decimal, is_number
from guardrank.agreement.report.untrusted import visible

MOST = 6
"""Outlines that can still be told apart; as many as there are colours, dashes and marks."""
FEWEST_AXES = 3

WIDTH, CENTRE_X, CENTRE_Y, RADIUS = 360, 180, 146, 124
LEGEND_TOP, LEGEND_ROW = 284, 22
LABEL_WIDTH = 34
RINGS = (0.25, 0.5, 0.75, 1.0)
_LABELLED = (0.5, 1.0)
_DASHES = ("none", "9 4", "2.5 3.5", "12 4 2.5 4", "5 3", "16 3")
_MARKS = (
    "M-4.5,0A4.5,4.5 0 1 0 4.5,0A4.5,4.5 0 1 0 -4.5,0Z",
    "M-4.2,-4.2H4.2V4.2H-4.2Z",
    "M0,-5.6L5.2,3.8H-5.2Z",
    "M0,-6L6,0L0,6L-6,0Z",
    "M0,5.6L5.2,-3.8H-5.2Z",
    "M-1.8,-5.4H1.8V-1.8H5.4V1.8H1.8V5.4H-1.8V1.8H-5.4V-1.8H-1.8Z",
)


@dataclass(frozen=True)
class Outline:
    """A model: its value on each axis, None where it has none, and the class that colours it."""

    label: str
    values: tuple[float | None, ...]
    colour: str


def radar(key: str, title: str, axes: Sequence[str], outlines: Sequence[Outline]) -> Markup:
    """Up to ``MOST`` outlines over ``FEWEST_AXES`` axes or more, the first one in front.

    Raises:
        ValueError: too many outlines or too few axes.
    """
    if len(outlines) > MOST or len(axes) < FEWEST_AXES:
        raise ValueError(f"a radar has at most {MOST} outlines and at least {FEWEST_AXES} axes")
    scale = _scale(outlines)
    drawn = [_outline(one, place, scale) for place, one in enumerate(outlines)]
    return fixed_drawing(
        key,
        title,
        _in_words(axes, outlines),
        *_web(axes, scale),
        *reversed(drawn),
        *(_legend(one, place) for place, one in enumerate(outlines)),
        width=WIDTH,
        height=LEGEND_TOP + LEGEND_ROW * len(outlines),
    )


def _scale(outlines: Sequence[Outline]) -> Scale:
    """From 0 to the smallest ring of ``RINGS`` that holds everything."""
    largest = max((value for one in outlines for value in one.values if is_number(value)), default=1.0)
    return Scale(0, next((ring for ring in RINGS if largest <= ring), 1.0), 0, RADIUS)


def _at(axis: int, axes: int, distance: float) -> tuple[float, float]:
    angle = 2 * pi * axis / axes
    return CENTRE_X + distance * sin(angle), CENTRE_Y - distance * cos(angle)


def _web(axes: Sequence[str], scale: Scale) -> list[Markup]:
    """Rings, spokes, the names at their ends, and the rings' values beside the first spoke."""
    count, parts = len(axes), []
    for share in RINGS:
        corners = [_at(axis, count, RADIUS * share) for axis in range(count)]
        parts.append(element("polygon", points=points(corners), class_="ring"))
    for axis, text in enumerate(axes):
        x, y = _at(axis, count, RADIUS)
        parts.append(element("line", x1=CENTRE_X, y1=CENTRE_Y, x2=x, y2=y, class_="grid"))
        parts.append(_axis_name(text, axis, count))
    for share in _LABELLED:
        text = decimal(scale.high * share, 3).rstrip("0").rstrip(".")
        parts.append(element("text", text, x=CENTRE_X + 5, y=CENTRE_Y - RADIUS * share + 13, class_="tick"))
    return parts


def _axis_name(text: str, axis: int, axes: int) -> Markup:
    x, y = _at(axis, axes, RADIUS + 8)
    side, height = sin(2 * pi * axis / axes), cos(2 * pi * axis / axes)
    anchor = "middle" if abs(side) < 0.7 else "start" if side > 0 else "end"
    down = 0 if height > 0.7 else 12 if height < -0.5 else 4
    return element("text", visible(text, 20), x=x, y=y + down, text_anchor=anchor, class_="class")


def _outline(one: Outline, place: int, scale: Scale) -> Markup:
    count = len(one.values)
    corners = [
        _at(axis, count, scale(value)) if is_number(value) else None for axis, value in enumerate(one.values)
    ]
    known = [corner for corner in corners if corner]
    if len(known) == count:
        lines = [element("polygon", points=points(known), class_="outline", stroke_dasharray=_DASHES[place])]
    else:
        lines = [
            element("polyline", points=points([a, b]), class_="outline open", stroke_dasharray=_DASHES[place])
            for a, b in pairwise([*corners, corners[0]])
            if a and b
        ]
    return element("g", *lines, *(_mark(place, x, y) for x, y in known), class_=one.colour)


def _mark(place: int, x: float, y: float) -> Markup:
    return element("path", d=_MARKS[place], transform=f"translate({x:.1f} {y:.1f})", class_="dot")


def _legend(one: Outline, place: int) -> Markup:
    y = LEGEND_TOP + LEGEND_ROW * place + 11
    sample = element("line", x1=20, x2=64, y1=y, y2=y, class_="outline", stroke_dasharray=_DASHES[place])
    colour = element("g", sample, _mark(place, 42, y), class_=one.colour)
    return colour + element("text", visible(one.label, LABEL_WIDTH), x=76, y=y + 5, class_="label")


def _in_words(axes: Sequence[str], outlines: Sequence[Outline]) -> str:
    said = []
    for one in outlines:
        values = [
            f"{axis} {decimal(value) if is_number(value) else 'no value'}"
            for axis, value in zip(axes, one.values, strict=True)
        ]
        said.append(f"{visible(one.label, 60)}: {', '.join(values)}")
    return "; ".join(said) or str(EMPTY)
