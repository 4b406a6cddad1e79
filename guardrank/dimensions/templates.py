"""Input templates: how a record becomes the text a head reads.

A template is a tuple of pieces, literal text or the name of a record field, and rendering keeps the span
of every field. Judged text is never interpreted: a response that contains ``{prompt}`` stays as it is, and
the engine can cut inside one field without touching another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple


class Span(NamedTuple):
    """Where a field's text stands in the rendered text: characters ``start`` to ``stop``."""

    field: str
    start: int
    stop: int


class Rendered(NamedTuple):
    """The text of one record and the spans of its fields, in order."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Piece:
    """``label`` followed by the value of ``field``; an ``optional`` piece vanishes with its value."""

    label: str
    field: str
    optional: bool = False


TEMPLATES: MappingProxyType[str, tuple[Piece, ...]] = MappingProxyType(
    {
        # as published: the LLaMA-2 head for four dimensions, and the RoBERTa head for truthfulness
        "paper-values": (
            Piece("Dimension: ", "dimension"),
            Piece(" Prompt: ", "prompt"),
            Piece(" Answer: ", "response"),
        ),
        "paper-truthfulness": (Piece("Prompt: ", "prompt"), Piece(" Answer: ", "response")),
        # the project's own: also shows the judge the gold answer or what is in the image
        "guardrank": (
            Piece("Dimension: ", "dimension"),
            Piece("\nReference: ", "reference", optional=True),
            Piece("\nPrompt: ", "prompt", optional=True),
            Piece("\nAnswer: ", "response"),
        ),
    }
)


def render(template: str, fields: Mapping[str, str | None]) -> Rendered:
    """Fill ``template`` (a key of TEMPLATES) with ``fields``; a missing value is the empty text."""
    text, spans = "", []
    for piece in TEMPLATES[template]:
        value = fields.get(piece.field) or ""
        if piece.optional and not value:
            continue
        text += piece.label
        spans.append(Span(piece.field, len(text), len(text) + len(value)))
        text += value
    return Rendered(text, tuple(spans))
