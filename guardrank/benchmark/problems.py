"""Problem: something in a benchmark's input that a person should look at; it never stops the rest."""

from __future__ import annotations

from dataclasses import dataclass

NOTES = frozenset({"encoding", "unused_image", "image_case"})
"""Kinds that cost nothing: what is meant is plain, and is done."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where.

    Attributes:
        place: ``FILE:LINE``, or a file.
        kind: a slug, to count by.
        text: one sentence.
    """

    place: str
    kind: str
    text: str

    @property
    def is_note(self) -> bool:
        """Whether it needs nothing to be done."""
        return self.kind in NOTES
