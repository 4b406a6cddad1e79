"""What a section is made of; the template has a macro for the ``kind`` of each block.

    Section ── Prose, Panels (figures side by side), Table, Fold (a block that unfolds), Cases (judged rows)

Texts are ``str``, which the template escapes, or ``Markup``, which is safe already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from markupsafe import Markup

from guardrank.agreement.report.untrusted import Passage

Size: TypeAlias = Literal["small", "square", "pair", "large", "whole"]
Tone: TypeAlias = Literal["", "ahead", "behind", "undecided", "undefined", "words"]


@dataclass(frozen=True)
class Prose:
    """Paragraphs."""

    kind: ClassVar = "prose"
    lines: tuple[str, ...]
    tone: Literal["lead", "plain", "note"] = "plain"


@dataclass(frozen=True)
class Panel:
    """One figure: its heading, a line below that, the drawing, and remarks."""

    heading: str
    note: str
    drawing: Markup
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Panels:
    """Figures side by side where there is room: ``small`` ones fill it, ``square`` ones keep their size."""

    kind: ClassVar = "panels"
    panels: tuple[Panel, ...]
    title: str = ""
    size: Size = "small"


@dataclass(frozen=True)
class Cell:
    """What stands in a table: a value, in small type what belongs to it, its tone, and how dark its ground is."""

    value: str
    note: str = ""
    tone: Tone = ""
    shade: Literal[0, 1, 2, 3, 4] = 0


@dataclass(frozen=True)
class Row:
    """A line of a table; its head names it."""

    head: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table; ``head`` has one text more than each row has cells."""

    kind: ClassVar = "table"
    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Answer:
    """What somebody said of a row."""

    who: str
    said: str
    tone: str


@dataclass(frozen=True)
class Picture:
    """An image behind a line that unfolds it, or why there is none; ``url`` holds it whole."""

    summary: str
    url: str = ""
    absent: str = ""


@dataclass(frozen=True)
class Case:
    """A judged row: what it is, what was said of it, and its texts by name, behind the line ``folded`` if any."""

    heading: str
    note: str
    answers: tuple[Answer, ...]
    texts: tuple[tuple[str, Passage], ...]
    picture: Picture | None = None
    folded: str = ""


@dataclass(frozen=True)
class Cases:
    """Judged rows."""

    kind: ClassVar = "cases"
    cases: tuple[Case, ...]
    title: str = ""


@dataclass(frozen=True)
class Fold:
    """A block behind a line that unfolds it; printed unfolded."""

    kind: ClassVar = "fold"
    summary: str
    block: Panels | Table | Cases


Block: TypeAlias = Prose | Panels | Table | Fold | Cases


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        id: its anchor.
        title: its heading.
        blocks: what it shows; without any it is left out.
        absent: why it is left out.
    """

    id: str
    title: str
    blocks: tuple[Block, ...] = ()
    absent: str = ""
