"""Heat map of a confusion matrix: a row a label of people's, a column an answer; the shade is the row's share."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from rich.cells import cell_len

from guardrank.agreement.report.charts.svg import EMPTY, element, fixed_drawing
from guardrank.agreement.report.numbers import percent
from guardrank.agreement.report.untrusted import visible

GUTTER = 96
HEAD = 62
CELL = 64
LINE = 15
DEEP = 0.655
"""From this share on the shade is so deep that text on it needs the other colour (measured in the tests)."""


def heat(key: str, title: str, classes: Sequence[str], counts: Sequence[Sequence[int]]) -> Markup:
    """``counts[label][score]`` as shaded cells with the count and its share of the row.

    Raises:
        ValueError: ``counts`` is not square over ``classes``.
    """
    size = len(classes)
    if [len(row) for row in counts] != [size] * size:
        raise ValueError(f"a confusion matrix of {size} classes is {size} by {size}")
    cells = [_cell(i, j, counts[i]) for i in range(size) for j in range(size)]
    heads = [_lines(text, GUTTER + CELL * (i + 0.5), HEAD - 8, 10, "middle") for i, text in enumerate(classes)]
    sides = [_lines(text, GUTTER - 10, HEAD + CELL * (i + 0.6), 14, "end") for i, text in enumerate(classes)]
    corner = element("text", "people ↓  rater →", x=0, y=11, class_="tick")
    return fixed_drawing(
        key,
        title,
        _in_words(classes, counts),
        corner,
        *heads,
        *sides,
        *cells,
        width=GUTTER + CELL * size + 2,
        height=HEAD + CELL * size + 2,
    )


def share_of(row: Sequence[int], place: int) -> float:
    """The share of ``row`` that stands at ``place``: 0 in an empty row."""
    return row[place] / sum(row) if sum(row) else 0.0


def _cell(i: int, j: int, row: Sequence[int]) -> Markup:
    x, y, share = GUTTER + CELL * j, HEAD + CELL * i, share_of(row, j)
    middle = x + CELL / 2
    box = {"x": x + 1, "y": y + 1, "width": CELL - 2, "height": CELL - 2, "rx": 4}
    return element(
        "g",
        element("rect", **box, fill_opacity=share, class_="heat"),
        element("rect", **box, class_="right" if i == j else "wrong"),
        element("text", f"{row[j]:,}", x=middle, y=y + 30, text_anchor="middle", class_="count"),
        element("text", percent(share), x=middle, y=y + 47, text_anchor="middle", class_="share")
        if sum(row)
        else EMPTY,
        class_="cell deep" if share > DEEP else "cell",
    )


def _lines(text: str, x: float, bottom: float, width: int, anchor: str) -> Markup:
    """``text`` in up to three lines of ``width`` columns that end at ``bottom``."""
    lines = wrapped(text, width)
    return EMPTY.join(
        element("text", line, x=x, y=bottom - LINE * (len(lines) - 1 - i), text_anchor=anchor, class_="class")
        for i, line in enumerate(lines)
    )


def wrapped(text: str, width: int, most: int = 3) -> list[str]:
    """``text`` broken at spaces into ``most`` lines of ``width`` columns; what does not fit is cut."""
    lines: list[str] = []
    for word in visible(text, width * most * 2).split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [visible(line, width) for line in lines]


def _in_words(classes: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    names = [visible(text, 30) for text in classes]
    rows = [
        f"people say {label}: " + ", ".join(f"{names[j]} {count:,}" for j, count in enumerate(row))
        for label, row in zip(names, counts, strict=True)
    ]
    return "; ".join(rows)
