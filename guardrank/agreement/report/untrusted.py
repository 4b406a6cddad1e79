"""Text from data, made fit to be looked at: whatever a response holds, it is shown as text.

    visible   one line of plain text, cut to a width       axis labels, the title
    name      the same as HTML, isolated from its surroundings
    passage   a long text: what is shown, what unfolds, and how much was cut

Escaping is markupsafe's. What cannot be seen (controls, direction overrides, zero-width characters) is named
in its place, so that it neither hides nor rearranges anything: U+202E, ␀, and ␀ ×5,000 for a run of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from markupsafe import Markup, escape
from rich.cells import cell_len, set_cell_size

SHOWN = 600
"""How much of a passage is shown at once."""
KEPT = 4_000
"""How much of a passage the page holds at all."""

_MARK_COST = 8
_LINE_COST = 20
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_HIDDEN_SELECTORS = range(0xE0100, 0xE01F0)


@dataclass(frozen=True)
class Passage:
    """A long text in two parts, and how many characters are in neither."""

    shown: Markup
    more: Markup
    unfolds: int
    cut: int


def visible(text: str, width: int = 40) -> str:
    """``text`` as one line of at most ``width`` columns, an ellipsis at its end where it was cut."""
    line = "".join(_bracketed(mark, len(raw)) if mark else raw for mark, raw in _runs(_one_line(text[: width + 1])))
    return line if cell_len(line) <= width and len(text) <= width else f"{set_cell_size(line, width - 1).rstrip()}…"


def name(text: str, width: int = 60) -> Markup:
    """``text`` as ``visible`` shows it, isolated in direction, and how many characters were cut from it."""
    whole = Markup("").join(_html(mark, raw) for mark, raw in _runs(_one_line(text[:width])))
    cut = len(text) - width
    more = Markup('… <span class="cut">({:,} more)</span>').format(cut) if cut > 0 else Markup("")
    return Markup("<bdi>{}</bdi>{}").format(whole, more)


def passage(text: str, shown: int = SHOWN, kept: int = KEPT) -> Passage:
    """``text`` in its own lines: ``shown`` at once, up to ``kept`` to unfold, the rest counted.

    Both are in characters; a line break costs as much as 20, so that empty lines cannot fill the page, and a
    run of one invisible character costs as much as its name.
    """
    text = text.replace("\r\n", "\n")
    first, begin = _take(text, 0, shown)
    rest, end = _take(text, begin, kept - shown)
    return Passage(first, rest, end - begin, len(text) - end)


def _take(text: str, start: int, room: int) -> tuple[Markup, int]:
    """As much of ``text`` from ``start`` on as there is room for, and where it ends."""
    parts, at = [], start
    for mark, raw in _runs(text[start : start + room]):
        price = _MARK_COST if mark else _LINE_COST if raw[0] == "\n" else 1
        kept = raw if mark and room >= price else raw[: room // price]
        parts.append(_html(mark, kept))
        room -= price * (1 if mark else len(kept))
        at += len(kept)
        if len(kept) < len(raw):
            break
    return Markup("").join(parts), at


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """Runs of one invisible character with its name, of line breaks, and of other text, whose name is empty."""
    for (mark, _), run in groupby(text, key=lambda char: (_mark(char), char == "\n")):
        yield mark, "".join(run)


@lru_cache(maxsize=4096)
def _mark(char: str) -> str:
    """What stands for ``char`` where it cannot be seen; empty for all others, line breaks and tabs included."""
    code = ord(char)
    hidden = char in _BLANK_LETTERS or code in _HIDDEN_SELECTORS or unicodedata.category(char) in _UNSEEN
    if not hidden or char in "\n\t":
        return ""
    if code == 0x7F:
        return "␡"
    return chr(0x2400 + code) if code < 0x20 else f"U+{code:04X}"


def _named(mark: str, times: int) -> str:
    return mark if times == 1 else f"{mark} ×{times:,}"


def _bracketed(mark: str, times: int) -> str:
    return f"⟨{_named(mark, times)}⟩"


def _html(mark: str, raw: str) -> Markup:
    return Markup('<i class="unseen">{}</i>').format(_named(mark, len(raw))) if mark and raw else escape(raw)


def _one_line(text: str) -> str:
    return text.replace("\n", "␊").replace("\t", " ")
