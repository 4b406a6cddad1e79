"""Position swapping: two products under the letters A and B, and the same two with their places swapped.

    A mug, B glass ──> cups.png           A glass, B mug ──> cups-reverse.png

A product is drawn on 120 x 150 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sample_tasks.parts import chair
from sample_tasks.pen import INK, Pen, Scene

LABELS = 30
"""How high the strip is that holds the letters A and B above two products."""


def mug(pen: Pen) -> None:
    pen.arc("blue", 84, 80, 18, 270, 90, width=7)
    pen.box("blue", 30, 46, 54, 68)
    pen.box("white", 30, 70, 54, 12)


def glass(pen: Pen) -> None:
    pen.shape("sky", 34, 26, 86, 26, 76, 116, 44, 116)
    pen.shape("orange", 37, 50, 83, 50, 76, 115, 44, 115)
    pen.line("red", 66, 100, 82, 6, width=4)


def backpack(pen: Pen) -> None:
    pen.arc("forest", 60, 28, 12, 180, 360, width=5)
    pen.draw.rounded_rectangle(pen.moved(26, 26, 94, 124), 18, INK["green"], INK["black"])
    pen.box("forest", 36, 76, 48, 36)
    pen.line("black", 36, 54, 84, 54, width=2)


def handbag(pen: Pen) -> None:
    pen.arc("brown", 60, 58, 28, 180, 360, width=6)
    pen.shape("pink", 24, 58, 96, 58, 106, 120, 14, 120)
    pen.box("yellow", 52, 70, 16, 10)


def table_lamp(pen: Pen) -> None:
    pen.shape("yellow", 44, 22, 76, 22, 94, 66, 26, 66)
    pen.box("brown", 57, 66, 6, 46)
    pen.box("brown", 38, 112, 44, 10)


def hanging_lamp(pen: Pen) -> None:
    pen.line("black", 60, 0, 60, 50, width=3)
    pen.shape("red", 52, 50, 68, 50, 98, 86, 22, 86)
    pen.disc("yellow", 60, 92, 10)
    pen.shape("red", 52, 50, 68, 50, 98, 86, 22, 86)


def long_umbrella(pen: Pen) -> None:
    pen.line("brown", 60, 44, 60, 118, width=4)
    pen.arc("brown", 52, 116, 10, 0, 180, width=4)
    pen.draw.pieslice(pen.moved(14, 18, 106, 110), 180, 360, INK["navy"], INK["black"])
    pen.line("sky", 60, 18, 40, 64)
    pen.line("sky", 60, 18, 80, 64)


def folded_umbrella(pen: Pen) -> None:
    pen.shape("red", 60, 16, 78, 92, 42, 92)
    pen.line("pink", 60, 22, 60, 92, width=2)
    pen.box("black", 44, 88, 32, 8)
    pen.box("slate", 54, 96, 12, 28)


def round_clock(pen: Pen) -> None:
    pen.disc("brown", 60, 74, 46)
    pen.disc("cream", 60, 74, 38)
    pen.line("black", 60, 74, 60, 44, width=3)
    pen.line("black", 60, 74, 80, 86, width=3)


def digital_clock(pen: Pen) -> None:
    pen.box("slate", 12, 46, 96, 56)
    pen.box("black", 20, 54, 80, 40)
    pen.text("10:08", 29, 64, size=2, colour="green")
    for x in (22, 88):
        pen.box("slate", x, 102, 10, 8)


def stool(pen: Pen) -> None:
    pen.oval("orange", 60, 62, 36, 9)
    for x in (34, 60, 86):
        pen.line("brown", x, 70, x + (x - 60) // 4, 124, width=5)


def green_chair(pen: Pen) -> None:
    chair(pen.at(42, 42), "green")


def side_by_side(left: Scene, right: Scene) -> Scene:
    """Two products under the letters A and B; nothing of one reaches into the other's half."""

    def draw(pen: Pen) -> None:
        for place, (letter, product) in enumerate((("A", left), ("B", right))):
            pen.text(letter, 52 + 120 * place, 6, size=2)
            product(pen.at(120 * place, LABELS))

    return draw


PRODUCTS: Mapping[str, tuple[Scene, Scene]] = {
    "cups": (mug, glass),
    "bags": (backpack, handbag),
    "lamps": (table_lamp, hanging_lamp),
    "umbrellas": (long_umbrella, folded_umbrella),
    "clocks": (round_clock, digital_clock),
    "seats": (stool, green_chair),
}


def both_ways() -> Iterator[tuple[str, Scene]]:
    """Every pair as it is and swapped."""
    for name, (left, right) in PRODUCTS.items():
        yield name, side_by_side(left, right)
        yield f"{name}-reverse", side_by_side(right, left)


SCENES: Mapping[str, Scene] = dict(both_ways())
