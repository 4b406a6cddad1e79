"""Reading drawings: every position that an SVG draws at, in percent or pixels of its own box."""

import re
from xml.etree import ElementTree

import pytest

HORIZONTAL, VERTICAL = ("x", "x1", "x2", "cx"), ("y", "y1", "y2", "cy")


class Drawing:
    """An SVG as its elements."""

    def __init__(self, svg):
        self.root = ElementTree.fromstring(str(svg))
        self.percent = self.root.get("width") == "100%"
        self.width = 100.0 if self.percent else float(self.root.get("width"))
        self.height = float(self.root.get("height"))
        self.title, self.description = self.root[0].text, self.root[1].text

    def all(self, tag, **wanted):
        """The elements ``tag`` whose class holds ``class_``, in order."""
        name = wanted.get("class_")
        return [each for each in self.root.iter(tag) if name is None or name in (each.get("class") or "").split()]

    def texts(self, class_):
        return [each.text for each in self.all("text", class_=class_)]

    def at(self, element, attribute):
        """A position of ``element``."""
        return float(element.get(attribute).rstrip("%"))

    def points(self):
        """Every point, moved by the groups around it."""
        return list(self._points(self.root, 0.0))

    def _points(self, element, down):
        moved = re.fullmatch(r"translate\(0 ([\d.]+)\)", element.get("transform") or "translate(0 0)")
        down += float(moved[1])
        across = [float(element.get(key).rstrip("%")) for key in HORIZONTAL if element.get(key)]
        heights = [down + float(element.get(key)) for key in VERTICAL if element.get(key)]
        yield from ((x, y) for x in across for y in heights)
        for pair in (element.get("points") or "").split():
            yield tuple(float(part) for part in pair.split(","))
        for child in element:
            yield from self._points(child, down)

    def assert_inside(self):
        outside = [(x, y) for x, y in self.points() if not (0 <= x <= self.width and 0 <= y <= self.height)]
        assert not outside
        assert len(self.points()) > 3


@pytest.fixture
def read():
    return Drawing
