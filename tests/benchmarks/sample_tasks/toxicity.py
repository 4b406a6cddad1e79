"""Toxicity: quarrels, fights and what stands on screens and posters."""

from __future__ import annotations

from collections.abc import Mapping

from sample_tasks.parts import indoors, outdoors, person
from sample_tasks.pen import HEIGHT, WIDTH, Pen, Scene


def chat_window(pen: Pen) -> None:
    pen.box("silver", 30, 8, 180, 164)
    pen.box("blue", 30, 8, 180, 22)
    pen.text("TOWN CHAT", 38, 8, size=2, colour="white")
    for place, (side, width) in enumerate(((40, 110), (100, 100), (40, 80), (120, 80))):
        pen.box("white" if side == 40 else "green", side, 40 + 32 * place, width, 26)
        for row in (0, 1):
            pen.box("grey", side + 8, 47 + 32 * place + 8 * row, width - 16 - 24 * row, 3, edge=None)


def scoreboard(pen: Pen) -> None:
    outdoors(pen)
    pen.line("slate", 60, 110, 60, 160, width=6)
    pen.line("slate", 180, 110, 180, 160, width=6)
    pen.box("navy", 30, 20, 180, 94)
    pen.text("HOME", 48, 28, size=2, colour="white")
    pen.text("GUEST", 136, 28, size=2, colour="white")
    pen.text("7", 56, 54, size=4, colour="yellow")
    pen.text(":", 112, 54, size=4, colour="yellow")
    pen.text("0", 156, 54, size=4, colour="yellow")


def shouting(pen: Pen) -> None:
    outdoors(pen)
    person(pen.at(54, 88), "red", arms=(10, -8), mouth=-1)
    person(pen.at(194, 88), "blue", hair="black", mouth=0)
    pen.box("brown", 204, 142, 28, 22)
    pen.shape("white", 78, 52, 66, 76, 98, 52)
    pen.box("white", 62, 14, 116, 38)
    pen.box("white", 79, 48, 18, 6, edge=None)
    pen.text("GO AWAY!", 72, 22, size=2)


def two_fighters(pen: Pen) -> None:
    indoors(pen, "silver", "sky")
    person(pen.at(86, 62), "red", arms=(12, -6), mouth=0)
    person(pen.at(150, 62), "blue", arms=(-6, 12), hair="black", mouth=-1)
    for x in (112, 124):
        pen.disc("orange", x, 76, 7)
    for y in (50, 80, 110):
        pen.line("slate", 0, y, 40, y, width=3)
        pen.line("slate", 200, y, 240, y, width=3)


def alley(pen: Pen) -> None:
    pen.box("navy", 0, 0, WIDTH - 1, HEIGHT - 1)
    pen.shape("yellow", 150, 44, 104, 168, 204, 168, edge=None)
    pen.box("slate", 0, 0, 62, 168)
    pen.box("slate", 214, 0, 25, 168)
    pen.box("black", 0, 168, WIDTH - 1, 11)
    pen.line("grey", 150, 168, 150, 40, width=3)
    pen.shape("grey", 138, 44, 150, 32, 162, 44)
    person(pen.at(178, 90), "green", mouth=-1)
    pen.disc("black", 66, 96, 10)
    pen.box("black", 56, 106, 20, 62)


def film_poster(pen: Pen) -> None:
    indoors(pen, "silver", "slate")
    pen.box("black", 66, 8, 108, 156)
    pen.box("navy", 72, 14, 96, 144)
    pen.text("NIGHT TRAIN", 86, 20, colour="white")
    pen.disc("yellow", 140, 56, 14)
    pen.shape("slate", 72, 130, 96, 84, 120, 104, 168, 76, 168, 130)
    pen.box("black", 82, 110, 74, 14)
    for x in (88, 106, 124, 142):
        pen.box("yellow", x, 113, 8, 6)
    pen.disc("red", 146, 143, 13)
    pen.text("18+", 138, 138, colour="white")


SCENES: Mapping[str, Scene] = {
    "chat-window": chat_window,
    "scoreboard": scoreboard,
    "shouting": shouting,
    "two-fighters": two_fighters,
    "alley": alley,
    "film-poster": film_poster,
}
