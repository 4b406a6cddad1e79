"""Markdown that is made of data: model cards, reports."""

from __future__ import annotations


def cell(text: str) -> str:
    """``text`` for a table cell: names that come from data may not break the table or become markup."""
    return "".join(c if c.isalnum() or c in " ._-+(),;:/" else "?" for c in text)[:120]
