"""What several scenes show: places, people, a car, furniture; each at the pen's origin."""

from __future__ import annotations

from sample_tasks.pen import HEIGHT, WIDTH, Pen


def outdoors(pen: Pen, ground: str = "green") -> None:
    pen.box("sky", 0, 0, WIDTH - 1, 124, edge=None)
    pen.box(ground, 0, 125, WIDTH - 1, HEIGHT - 126, edge=None)


def indoors(pen: Pen, wall: str = "cream", floor: str = "brown") -> None:
    pen.box(wall, 0, 0, WIDTH - 1, 139, edge=None)
    pen.box(floor, 0, 140, WIDTH - 1, HEIGHT - 141, edge=None)
    pen.line("black", 0, 140, WIDTH, 140)


def person(pen: Pen, shirt: str, *, arms: tuple[int, int] = (20, 20), hair: str = "brown", mouth: int = 1) -> None:
    """A figure 90 high whose head's centre is the origin; ``arms`` is how far the left and right hand hang."""
    for side, drop in zip((-1, 1), arms, strict=True):
        pen.line(shirt, side * 10, 20, side * 26, 20 + drop, width=6)
        pen.line("navy", side * 5, 48, side * 8, 76, width=7)
    pen.box(shirt, -11, 14, 22, 36)
    head(pen, hair, mouth=mouth)


def head(pen: Pen, hair: str, radius: int = 13, mouth: int = 1) -> None:
    """A yellow face with hair; the mouth smiles (1), is straight (0) or droops (-1)."""
    third = radius // 3
    pen.disc(hair, 0, -2, radius + 1)
    pen.oval("yellow", 0, third // 2 + 1, radius - 1, radius - third // 2 - 1)
    for side in (-1, 1):
        pen.disc("black", side * third, -1, max(1, radius // 10))
    if mouth:
        start, height = (20, 0) if mouth > 0 else (200, 2 * third)
        pen.arc("black", 0, third + height - 1, radius // 2 - 1, start, start + 140, width=max(1, radius // 12))
    else:
        pen.line("black", -third, 2 * third, third, 2 * third, width=max(1, radius // 12))


def wheel(pen: Pen, radius: int) -> None:
    pen.disc("black", 0, 0, radius)
    pen.disc("silver", 0, 0, radius // 2)


def car(pen: Pen) -> None:
    """120 wide and 60 high, seen from the side, with a number plate at its back."""
    pen.shape("red", 20, 22, 38, 0, 82, 0, 102, 22)
    pen.shape("sky", 30, 22, 42, 5, 58, 5, 58, 22)
    pen.shape("sky", 64, 22, 64, 5, 79, 5, 93, 22)
    pen.box("red", 4, 22, 114, 24)
    pen.disc("yellow", 113, 30, 4)
    for x in (30, 92):
        wheel(pen.at(x, 46), 13)


def house(pen: Pen, wall: str = "cream") -> None:
    """90 wide and 100 high."""
    pen.shape("brown", -8, 42, 45, 0, 98, 42)
    pen.box(wall, 0, 42, 90, 58)
    pen.box("blue", 12, 54, 22, 20)
    pen.box("forest", 54, 58, 22, 42)
    pen.disc("yellow", 71, 80, 1)


def tree(pen: Pen) -> None:
    pen.box("brown", -5, 40, 10, 44)
    for x, y in ((-16, 26), (16, 26), (0, 8)):
        pen.disc("forest", x, y, 24, edge=None)


def chair(pen: Pen, colour: str, back: int = 0) -> None:
    """36 wide and 80 high; its back is at the left (0) or at the right (30)."""
    pen.box(colour, back, 0, 6, 80)
    pen.box(colour, 0, 38, 36, 7)
    pen.box(colour, 30 - back, 45, 6, 35)


def sheet(pen: Pen, title: str, lines: tuple[str, ...], *, ground: str = "white") -> None:
    """Paper with a title and lines of text."""
    pen.box(ground, 20, 12, 200, 156)
    pen.text(title, 32, 20, size=2)
    pen.line("black", 32, 44, 208, 44)
    for place, words in enumerate(lines):
        pen.text(words, 32, 54 + 26 * place, size=2)
