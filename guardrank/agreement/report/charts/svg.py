"""SVG out of numbers and escaped text: no text of data can become an element or an attribute."""

from __future__ import annotations

from math import isfinite

from markupsafe import Markup

EMPTY = Markup("")


def element(tag: str, *children: str, **attributes: str | float) -> Markup:
    """``element("circle", cx="40%", r=4, class_="dot")``: underscores become hyphens, a trailing one goes.

    Raises:
        ValueError: a number is not finite: what is undefined is said in words, never drawn.
    """
    pairs = [
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _value(value))
        for key, value in attributes.items()
    ]
    return Markup("<{0}{1}>{2}</{0}>").format(tag, EMPTY.join(pairs), EMPTY.join(children))


def percent_of_width(position: float) -> str:
    """A position in percent of the drawing's width as SVG writes it: ``43.21%``."""
    return f"{_value(position)}%"


def points(pairs: list[tuple[float, float]]) -> str:
    """``x,y x,y``, as polylines and polygons want them."""
    return " ".join(f"{_value(x)},{_value(y)}" for x, y in pairs)


def fluid_drawing(key: str, title: str, description: str, *children: str, height: float) -> Markup:
    """A drawing as wide as its place, ``height`` pixels high; ``key`` is unique on the page."""
    return _drawing(key, title, description, children, width="100%", height=height)


def fixed_drawing(key: str, title: str, description: str, *children: str, width: float, height: float) -> Markup:
    """A drawing of ``width`` by ``height`` pixels."""
    box = f"0 0 {_value(width)} {_value(height)}"
    return _drawing(key, title, description, children, width=width, height=height, viewBox=box)


def _drawing(key: str, title: str, description: str, children: tuple[str, ...], **size: str | float) -> Markup:
    return element(
        "svg",
        element("title", title, id=f"{key}-title"),
        element("desc", description, id=f"{key}-desc"),
        *children,
        role="img",
        aria_labelledby=f"{key}-title",
        aria_describedby=f"{key}-desc",
        **size,
    )


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if not isfinite(value):
        raise ValueError("only finite numbers are drawn")
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")
