"""The frame that square charts share: 300 by 290 pixels, which a phone shows in full."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.charts.svg import EMPTY, element

WIDTH, HEIGHT = 300, 290
LEFT, TOP = 38, 12
SPAN, DEPTH = 248, 228


def x_scale() -> Scale:
    """Shares from 0 to 1 across the frame."""
    return Scale(0, 1, LEFT, LEFT + SPAN)


def frame(x: Scale, y: Scale, below: str, beside: str) -> Markup:
    """Grid, tick labels and the axes' names: ``below`` the x axis, ``beside`` the y axis (drawn at its top)."""
    parts = []
    for tick in x.ticks:
        at, text = x(tick), x.tick_text(tick)
        parts.append(element("line", x1=at, x2=at, y1=TOP, y2=TOP + DEPTH, class_="grid"))
        parts.append(element("text", text, x=at, y=TOP + DEPTH + 18, text_anchor="middle", class_="tick"))
    for tick in y.ticks:
        at, text = y(tick), y.tick_text(tick)
        parts.append(element("line", x1=LEFT, x2=LEFT + SPAN, y1=at, y2=at, class_="grid"))
        parts.append(element("text", text, x=LEFT - 8, y=at + 4, text_anchor="end", class_="tick"))
    parts.append(element("text", below, x=LEFT + SPAN / 2, y=HEIGHT - 14, text_anchor="middle", class_="tick"))
    if beside:
        parts.append(element("text", beside, x=LEFT + 6, y=TOP + 14, class_="tick"))
    return EMPTY.join(parts)
