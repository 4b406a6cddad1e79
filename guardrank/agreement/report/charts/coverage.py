"""Accuracy-coverage curve: what a rater reaches on the share of rows that it is surest of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.charts.square import DEPTH, HEIGHT, TOP, WIDTH, frame, x_scale
from guardrank.agreement.report.charts.svg import EMPTY, element, fixed_drawing, points
from guardrank.agreement.report.numbers import ends, is_number, percent, written
from guardrank.agreement.results import CoveragePoint
from guardrank.metrics import Estimate

_Figure = Callable[[CoveragePoint], Estimate]


def coverage(
    key: str, title: str, curve: Sequence[CoveragePoint], own: CoveragePoint | None, colour: str
) -> Markup:
    """Accuracy (solid) and kappa (dashed) with their intervals; ``own`` marks the rater's own abstention."""
    curve = sorted((point for point in curve if is_number(point.coverage)), key=lambda point: point.coverage)
    figures: tuple[_Figure, _Figure] = (lambda point: point.accuracy, lambda point: point.kappa)
    every = [figure(point) for figure in figures for point in [*curve, *([own] if own else [])]]
    values = [end for each in every for end in (each.value, *(ends(each) or ()))]
    x, y = x_scale(), Scale.over(values, TOP + DEPTH, TOP, (_floor(values), 1.0))
    return fixed_drawing(
        key,
        title,
        _in_words(curve, own),
        frame(x, y, "share of rows answered", ""),
        element("g", *(_band(curve, figure, x, y) for figure in figures), class_=colour),
        element(
            "g",
            *(_line(curve, figure, x, y, tone) for figure, tone in zip(figures, _TONES, strict=True)),
            class_=colour,
        ),
        element("g", _own(own, figures, x, y), class_=colour) if own and is_number(own.coverage) else EMPTY,
        width=WIDTH,
        height=HEIGHT,
    )


_TONES = ("curve", "curve dashed")


def _floor(values: Sequence[float | None]) -> float:
    """Where the y axis begins: at the half, or lower where a value lies there."""
    known = [value for value in values if is_number(value)]
    return 0.5 if known and min(known) >= 0.5 else 0.0


def _line(curve: Sequence[CoveragePoint], figure: _Figure, x: Scale, y: Scale, tone: str) -> Markup:
    known = [(x(p.coverage), y(value)) for p in curve if is_number(value := figure(p).value)]
    return element("polyline", points=points(known), class_=tone) if len(known) > 1 else _lone(known)


def _lone(known: Sequence[tuple[float, float]]) -> Markup:
    return EMPTY.join(element("circle", cx=cx, cy=cy, r=3, class_="dot") for cx, cy in known)


def _band(curve: Sequence[CoveragePoint], figure: _Figure, x: Scale, y: Scale) -> Markup:
    known = [(x(p.coverage), interval) for p in curve if (interval := ends(figure(p)))]
    if len(known) < 2:
        return EMPTY
    below = [(at, y(low)) for at, (low, _) in known]
    above = [(at, y(high)) for at, (_, high) in reversed(known)]
    return element("polygon", points=points(below + above), class_="band")


def _own(own: CoveragePoint, figures: Sequence[_Figure], x: Scale, y: Scale) -> Markup:
    at = x(own.coverage)
    parts = [element("line", x1=at, x2=at, y1=TOP, y2=TOP + DEPTH, class_="own")]
    for figure in figures:
        if is_number(value := figure(own).value):
            cy = y(value)
            shape = f"M{at:.1f},{cy - 7:.1f}l7,7l-7,7l-7,-7Z"
            parts.append(element("path", d=shape, class_="dot"))
    return EMPTY.join(parts)


def _in_words(curve: Sequence[CoveragePoint], own: CoveragePoint | None) -> str:
    said = [
        f"answering {percent(p.coverage)}: accuracy {written(p.accuracy)}, kappa {written(p.kappa)}" for p in curve
    ]
    if own:
        said.append(f"its own abstention answers {percent(own.coverage)}: accuracy {written(own.accuracy)}")
    return "; ".join(said)
