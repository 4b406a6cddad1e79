"""Hallucination: what is asked about is not there."""

from __future__ import annotations

from collections.abc import Mapping

from sample_tasks.parts import chair, house, indoors, outdoors, tree
from sample_tasks.pen import Pen, Scene


def chairs_and_table(pen: Pen) -> None:
    indoors(pen)
    chair(pen.at(30, 84), "blue")
    pen.box("brown", 76, 96, 94, 8)
    for x in (84, 154):
        pen.box("brown", x, 104, 8, 60)
    chair(pen.at(174, 84), "blue", back=30)


def snowman(pen: Pen) -> None:
    outdoors(pen, "white")
    for y, radius in ((130, 36), (80, 27), (42, 19)):
        pen.disc("white", 120, y, radius)
    for x in (113, 127):
        pen.disc("black", x, 37, 2)
    pen.shape("orange", 120, 42, 146, 46, 120, 48)
    for y in (72, 86, 120):
        pen.disc("black", 120, y, 3)
    pen.line("brown", 96, 76, 60, 54, width=3)
    pen.line("brown", 144, 76, 180, 54, width=3)


def street_sign(pen: Pen) -> None:
    outdoors(pen, "grey")
    house(pen.at(14, 44), "pink")
    pen.line("slate", 170, 40, 170, 168, width=6)
    pen.box("forest", 112, 24, 116, 30)
    pen.text("MILL ROAD", 118, 29, size=2, colour="white")
    pen.line("white", 0, 166, 150, 166, width=3)


def boat(pen: Pen) -> None:
    outdoors(pen, "blue")
    pen.disc("yellow", 206, 30, 16)
    pen.line("brown", 116, 20, 116, 120, width=4)
    pen.shape("white", 120, 24, 120, 104, 176, 104)
    pen.shape("cream", 112, 36, 112, 104, 72, 104)
    pen.shape("red", 56, 118, 184, 118, 164, 148, 78, 148)
    for x in (20, 100, 180):
        pen.arc("white", x, 160, 12, 200, 340, width=2)


def desk(pen: Pen) -> None:
    indoors(pen, "sky", "slate")
    pen.box("brown", 16, 112, 208, 10)
    for x in (24, 204):
        pen.box("brown", x, 122, 12, 50)
    pen.box("slate", 46, 106, 36, 6)
    pen.line("slate", 64, 106, 64, 62, 92, 44, width=4)
    pen.shape("yellow", 84, 34, 104, 46, 100, 68, 72, 52)
    pen.box("red", 128, 98, 66, 14)
    pen.box("white", 130, 101, 64, 8)


def bench(pen: Pen) -> None:
    outdoors(pen)
    tree(pen.at(44, 62))
    for y in (92, 104, 120):
        pen.box("orange", 96, y, 120, 8)
    for x in (106, 202):
        pen.box("slate", x, 88, 5, 64)


SCENES: Mapping[str, Scene] = {
    "chairs-and-table": chairs_and_table,
    "snowman": snowman,
    "street-sign": street_sign,
    "boat": boat,
    "desk": desk,
    "bench": bench,
}
