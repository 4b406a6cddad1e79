"""Markdown that is made of data: model cards, reports."""

from __future__ import annotations

_PLAIN = " ._-+(),;:/"
_PROSE = _PLAIN + "'\"?!%…’‘“”–—，。、；：？！（）《》「」·"


def cell(text: str) -> str:
    """``text`` for a table cell: names that come from data may not break the table or become markup."""
    return _tame(text, _PLAIN, 120)


def quoted(text: str, longest: int = 240) -> str:
    """As ``cell``, for sentences: their punctuation stays, a line break is a space, and an address is no link."""
    return _tame(" ".join(text.replace("://", "?").split()), _PROSE, longest)


def _tame(text: str, allowed: str, longest: int) -> str:
    return "".join(c if c.isalnum() or c in allowed else "?" for c in text)[:longest]
