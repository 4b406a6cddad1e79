"""The pen: flat shapes with a thin black edge, in a palette of sixteen colours.

    blank() ──> 240 x 180 pixels, white ──a Scene draws with a Pen──> the image

Text is in Pillow's built-in bitmap font, the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 240, 180
COLOURS: Mapping[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "cream": (250, 240, 214),
    "silver": (212, 216, 220),
    "grey": (142, 148, 156),
    "slate": (74, 82, 94),
    "black": (24, 26, 30),
    "red": (208, 44, 44),
    "pink": (240, 158, 164),
    "orange": (236, 138, 40),
    "yellow": (248, 208, 72),
    "green": (112, 176, 72),
    "forest": (38, 104, 58),
    "sky": (176, 218, 242),
    "blue": (44, 104, 184),
    "navy": (28, 48, 94),
    "brown": (142, 92, 52),
}
INK = {name: index for index, name in enumerate(COLOURS)}


class Pen:
    """Draws flat shapes with a thin black edge on a palette image; ``at`` is the same pen with another origin."""

    def __init__(self, image: Image.Image, x: int = 0, y: int = 0) -> None:
        self.image = image
        self.draw = ImageDraw.Draw(image)
        self.x, self.y = x, y

    def at(self, x: int, y: int) -> Pen:
        return Pen(self.image, self.x + x, self.y + y)

    def box(self, fill: str, x: int, y: int, width: int, height: int, *, edge: str | None = "black") -> None:
        corners = self.moved(x, y, x + width, y + height)
        self.draw.rectangle(corners, INK[fill], INK[edge or fill])

    def oval(self, fill: str, x: int, y: int, rx: int, ry: int, *, edge: str | None = "black") -> None:
        self.draw.ellipse(self.moved(x - rx, y - ry, x + rx, y + ry), INK[fill], INK[edge or fill])

    def disc(self, fill: str, x: int, y: int, radius: int, *, edge: str | None = "black") -> None:
        self.oval(fill, x, y, radius, radius, edge=edge)

    def shape(self, fill: str, *corners: int, edge: str | None = "black") -> None:
        self.draw.polygon(self.moved(*corners), INK[fill], INK[edge or fill])

    def line(self, colour: str, *points: int, width: int = 1) -> None:
        self.draw.line(self.moved(*points), INK[colour], width)

    def arc(self, colour: str, x: int, y: int, radius: int, start: int, end: int, width: int = 1) -> None:
        box = self.moved(x - radius, y - radius, x + radius, y + radius)
        self.draw.arc(box, start, end, INK[colour], width)

    def text(self, words: str, x: int, y: int, *, size: int = 1, colour: str = "black") -> None:
        font = ImageFont.load_default_imagefont()
        spaced = f" {words}"  # Pillow cuts the first letter's left edge off
        small = Image.new("1", (int(font.getlength(spaced)), int(font.getbbox(spaced)[3])))
        ImageDraw.Draw(small).text((0, 0), spaced, 1, font)
        large = small.resize((small.width * size, small.height * size), Image.Resampling.NEAREST)
        self.draw.bitmap(self.moved(x - int(font.getlength(" ")) * size, y), large, INK[colour])

    def moved(self, *points: int) -> list[int]:
        return [value + (self.y if place % 2 else self.x) for place, value in enumerate(points)]


Scene = Callable[[Pen], None]


def blank() -> Image.Image:
    """A white image with the sixteen colours."""
    image = Image.new("P", (WIDTH, HEIGHT), INK["white"])
    image.putpalette([part for colour in COLOURS.values() for part in colour])
    return image
