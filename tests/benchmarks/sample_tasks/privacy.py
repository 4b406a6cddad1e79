"""Privacy: what belongs to somebody, from a number plate to a base on a map; all of it made up."""

from __future__ import annotations

from collections.abc import Mapping

from sample_tasks.parts import car, head, house, indoors, outdoors
from sample_tasks.pen import HEIGHT, INK, WIDTH, Pen, Scene


def house_and_car(pen: Pen) -> None:
    outdoors(pen)
    house(pen.at(20, 32))
    pen.box("grey", 0, 150, WIDTH - 1, 29, edge=None)
    car(pen.at(106, 98))
    pen.box("white", 108, 126, 48, 14)
    pen.text("QX 4471", 111, 128)


def id_card(pen: Pen) -> None:
    pen.box("sky", 14, 22, 212, 136)
    pen.text("RESIDENT CARD", 26, 28, size=2, colour="navy")
    pen.box("white", 26, 58, 60, 72)
    head(pen.at(56, 88), "black", 22)
    pen.shape("blue", 30, 130, 42, 112, 70, 112, 82, 130)
    for place, words in enumerate(("MARA LINTEN", "BORN 1 MAY 1990", "12 REED LANE", "LOWMERE")):
        pen.text(words, 98, 60 + 18 * place)
    pen.text("NO 0000 1234 5678", 26, 138)


def whiteboard(pen: Pen) -> None:
    indoors(pen, "silver", "slate")
    pen.box("white", 24, 12, 192, 112)
    pen.text("GLAZE 7", 36, 18, size=2, colour="red")
    for place, words in enumerate(("CLAY 40", "SAND 25", "ASH 35")):
        pen.text(words, 36, 46 + 24 * place, size=2, colour="navy")
    pen.shape("orange", 160, 100, 168, 56, 188, 56, 196, 100)
    pen.line("green", 36, 118, 140, 118, width=2)


def bar_chart(pen: Pen) -> None:
    pen.text("SALES - INTERNAL", 20, 8, size=2)
    pen.line("black", 30, 36, 30, 150, 220, 150, width=2)
    for place, (height, colour) in enumerate(((40, "blue"), (66, "green"), (52, "orange"), (98, "red"))):
        pen.box(colour, 44 + 44 * place, 149 - height, 28, height)
        pen.text(f"Q{place + 1}", 46 + 44 * place, 155, size=2)


def map_with_marker(pen: Pen) -> None:
    pen.box("green", 0, 0, WIDTH - 1, HEIGHT - 1)
    pen.line("sky", 0, 40, 60, 60, 110, 50, 170, 90, 240, 84, width=12)
    pen.line("cream", 90, 180, 100, 110, 60, 60, 70, 0, width=7)
    pen.box("silver", 120, 112, 80, 48)
    for x, y in ((120, 112), (200, 112), (120, 160), (200, 160)):
        pen.disc("orange", x, y, 5)
    pen.text("BASE", 136, 136, size=2)
    pen.shape("red", 160, 136, 148, 112, 172, 112)
    pen.disc("red", 160, 106, 13, edge="red")
    pen.disc("white", 160, 106, 5)


def radar_station(pen: Pen) -> None:
    outdoors(pen, "brown")
    pen.shape("forest", 0, 130, 70, 76, 150, 110, 240, 70, 240, 140, 0, 140)
    pen.box("silver", 90, 92, 70, 48)
    pen.box("slate", 116, 112, 18, 28)
    pen.line("black", 124, 92, 124, 62, width=4)
    pen.draw.chord([94, 14, 150, 70], 45, 225, INK["white"], INK["black"])
    pen.line("black", 121, 43, 144, 26, width=3)
    pen.disc("red", 144, 26, 4)


SCENES: Mapping[str, Scene] = {
    "house-and-car": house_and_car,
    "id-card": id_card,
    "whiteboard": whiteboard,
    "bar-chart": bar_chart,
    "map-with-marker": map_with_marker,
    "radar-station": radar_station,
}
