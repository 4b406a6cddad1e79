"""Reliability diagram: how often verdicts of a confidence are right; on the diagonal confidence can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.charts.square import DEPTH, HEIGHT, TOP, WIDTH, frame, x_scale
from guardrank.agreement.report.charts.svg import EMPTY, element, fixed_drawing
from guardrank.agreement.report.numbers import counted, is_number, percent
from guardrank.agreement.results import Bin

_LARGEST = 11.0
_SMALLEST = 3.0


def reliability(key: str, title: str, bins: Sequence[Bin], colour: str) -> Markup:
    """One dot a bin, its area as the bin's rows; the line to the diagonal is how far confidence is off."""
    drawn = [each for each in bins if each.n and is_number(each.confidence) and is_number(each.accuracy)]
    x, y = x_scale(), Scale(0, 1, TOP + DEPTH, TOP)
    diagonal = element("line", x1=x(0), y1=y(0), x2=x(1), y2=y(1), class_="diagonal")
    most = max((each.n for each in drawn), default=1)
    dots = [_dot(each, x, y, max(_SMALLEST, _LARGEST * (each.n / most) ** 0.5)) for each in drawn]
    said = [
        f"{counted(each.n, 'row')}: sure {percent(each.confidence)}, right {percent(each.accuracy)}"
        for each in drawn
    ]
    return fixed_drawing(
        key,
        title,
        "; ".join(said) or "no verdicts with a confidence",
        frame(x, y, "confidence", "share right"),
        diagonal,
        element("g", *dots, class_=colour),
        width=WIDTH,
        height=HEIGHT,
    )


def _dot(each: Bin, x: Scale, y: Scale, radius: float) -> Markup:
    centre = x(each.confidence)
    gap = element("line", x1=centre, x2=centre, y1=y(each.confidence), y2=y(each.accuracy), class_="gap")
    return EMPTY.join([gap, element("circle", cx=centre, cy=y(each.accuracy), r=radius, class_="dot see-through")])
