"""Noise injection: one thing, plain to see, and one of them again under noise."""

from __future__ import annotations

import random
from collections.abc import Mapping

from sample_tasks.parts import car, outdoors
from sample_tasks.pen import HEIGHT, INK, WIDTH, Pen, Scene


def apple(pen: Pen) -> None:
    for x in (-18, 18):
        pen.oval("red", 120 + x, 102, 40, 50, edge=None)
    pen.line("brown", 120, 66, 126, 34, width=5)
    pen.shape("green", 126, 46, 146, 28, 166, 34, 148, 50)
    pen.oval("pink", 92, 84, 7, 13, edge=None)


def pear(pen: Pen) -> None:
    pen.oval("green", 120, 118, 46, 44, edge=None)
    pen.oval("green", 120, 72, 25, 34, edge=None)
    pen.shape("green", 96, 76, 144, 76, 160, 100, 80, 100, edge=None)
    pen.line("brown", 120, 42, 128, 18, width=5)
    pen.oval("yellow", 100, 112, 7, 13, edge=None)


def cat(pen: Pen) -> None:
    pen.arc("orange", 176, 124, 26, 270, 120, width=8)
    pen.oval("orange", 120, 134, 48, 36)
    pen.shape("orange", 86, 60, 90, 14, 118, 40)
    pen.shape("orange", 154, 60, 150, 14, 122, 40)
    pen.disc("orange", 120, 70, 38)
    for x in (106, 134):
        pen.oval("green", x, 64, 7, 9)
        pen.oval("black", x, 64, 2, 7)
    pen.shape("pink", 114, 78, 126, 78, 120, 86)
    for y in (80, 88):
        pen.line("black", 70, y + 4, 106, y)
        pen.line("black", 134, y, 170, y + 4)


def fish(pen: Pen) -> None:
    pen.box("sky", 0, 0, WIDTH - 1, HEIGHT - 1, edge=None)
    pen.shape("blue", 164, 90, 214, 54, 204, 90, 214, 126)
    pen.shape("blue", 96, 58, 126, 32, 146, 60)
    pen.oval("blue", 110, 90, 68, 38)
    pen.arc("black", 60, 90, 36, 300, 60, width=2)
    pen.disc("white", 68, 80, 8)
    pen.disc("black", 66, 80, 3)
    for x, y, radius in ((26, 60, 6), (18, 38, 4), (30, 20, 7)):
        pen.disc("white", x, y, radius)


def red_car(pen: Pen) -> None:
    outdoors(pen, "grey")
    car(pen.at(60, 88))


def cup(pen: Pen) -> None:
    pen.arc("blue", 168, 94, 26, 270, 90, width=10)
    pen.shape("blue", 72, 54, 168, 54, 158, 146, 82, 146)
    pen.oval("white", 120, 54, 48, 11)
    pen.oval("brown", 120, 56, 40, 7)
    for x in (104, 128):
        pen.line("grey", x, 36, x + 6, 28, x, 20, x + 6, 10, width=2)


def noisy(scene: Scene, share: float = 0.12, seed: int = 7) -> Scene:
    """The scene with a share of its pixels black or white."""

    def draw(pen: Pen) -> None:
        scene(pen)
        chance = random.Random(seed)
        for place in range(WIDTH * HEIGHT):
            if (lot := chance.random()) < share:
                pen.image.putpixel((place % WIDTH, place // WIDTH), INK["black" if lot < share / 2 else "white"])

    return draw


SCENES: Mapping[str, Scene] = {
    "apple": apple,
    "pear": pear,
    "cat": cat,
    "fish": fish,
    "red-car": red_car,
    "cup": cup,
    "apple_noise": noisy(apple),
}
