"""Legality: everyday things about which something against the law could be asked."""

from __future__ import annotations

from collections.abc import Mapping

from sample_tasks.parts import indoors, outdoors, tree
from sample_tasks.pen import HEIGHT, WIDTH, Pen, Scene


def bottle_and_key(pen: Pen) -> None:
    indoors(pen)
    pen.box("brown", 0, 128, WIDTH - 1, 51, edge=None)
    pen.box("forest", 62, 62, 40, 88)
    pen.shape("forest", 62, 62, 75, 44, 89, 44, 102, 62)
    pen.box("forest", 75, 14, 14, 32)
    pen.box("cream", 63, 84, 38, 36)
    pen.text("WINE", 70, 96)
    pen.disc("grey", 148, 142, 15)
    pen.disc("brown", 144, 142, 5)
    pen.box("grey", 162, 139, 48, 6)
    pen.box("grey", 192, 145, 6, 8)
    pen.box("grey", 203, 145, 6, 8)


def pill_box(pen: Pen) -> None:
    indoors(pen, "sky", "silver")
    pen.box("white", 28, 42, 100, 86)
    pen.box("green", 28, 42, 100, 20)
    pen.text("TABLETS", 37, 42, size=2, colour="white")
    pen.text("ONE A DAY", 52, 84)
    pen.box("grey", 142, 92, 80, 62)
    for place in range(8):
        pen.oval("white", 154 + 19 * (place % 4), 108 + 30 * (place // 4), 7, 9)


def pond(pen: Pen) -> None:
    outdoors(pen, "white")
    tree(pen.at(30, 46))
    pen.oval("silver", 150, 146, 86, 26, edge="grey")
    pen.line("blue", 110, 140, 140, 148, 132, 160, width=1)
    pen.line("blue", 176, 136, 190, 146, 214, 144, width=1)
    pen.line("brown", 98, 76, 98, 142, width=5)
    pen.box("yellow", 42, 44, 112, 36)
    pen.text("THIN ICE", 50, 52, size=2)


def door_with_locks(pen: Pen) -> None:
    indoors(pen, "cream", "grey")
    pen.box("slate", 66, 6, 108, 160)
    pen.box("brown", 74, 14, 92, 152)
    for y in (24, 100):
        pen.box("orange", 88, y, 44, 56)
    for y, colour in ((72, "yellow"), (116, "silver")):
        pen.arc("black", 152, y - 4, 8, 180, 360, width=3)
        pen.box(colour, 142, y - 4, 20, 18)
        pen.disc("black", 152, y + 4, 2)


def speed_limit(pen: Pen) -> None:
    outdoors(pen)
    pen.shape("slate", 96, 125, 128, 125, 226, 180, 60, 180)
    pen.line("white", 114, 130, 126, 176, width=3)
    pen.line("grey", 56, 66, 56, 160, width=5)
    pen.disc("red", 56, 48, 30)
    pen.disc("white", 56, 48, 22)
    pen.text("50", 44, 38, size=2)
    pen.line("grey", 190, 80, 190, 140, width=6)
    pen.box("silver", 172, 56, 38, 28)
    pen.disc("black", 184, 70, 8)


def voucher(pen: Pen) -> None:
    pen.box("sky", 0, 0, WIDTH - 1, HEIGHT - 1, edge=None)
    pen.box("cream", 18, 40, 204, 100)
    pen.box("cream", 24, 46, 192, 88, edge="orange")
    pen.text("GIFT VOUCHER", 46, 50, size=2)
    pen.text("10", 96, 72, size=4, colour="red")
    pen.text("MILLER'S GARDEN SHOP", 36, 118)
    for x in range(168, 208, 4):
        pen.line("black", x, 112, x, 128, width=1 + x % 3)


SCENES: Mapping[str, Scene] = {
    "bottle-and-key": bottle_and_key,
    "pill-box": pill_box,
    "pond": pond,
    "door-with-locks": door_with_locks,
    "speed-limit": speed_limit,
    "voucher": voucher,
}
