"""Column mapping: ``--map prompt=question,response=output`` and dotted columns of flat files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guardrank.errors import UsageError
from guardrank.records import look_up

_OBJECTS = frozenset({"judges", "meta", "annotations"})


def parse_mapping(text: str | None) -> dict[str, str]:
    """``"prompt=question,response=output"`` -> ours to theirs; raises UsageError with the right form."""
    mapping: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in (text or "").split(","))):
        ours, equals, theirs = part.partition("=")
        if not (ours and equals and theirs):
            raise UsageError(f"--map takes OURS=THEIRS,... such as prompt=question, not {part!r}")
        mapping[ours.strip()] = theirs.strip()
    return mapping


def apply_mapping(fields: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """``fields`` with ours taken from theirs (a dotted path looks inside objects); the rest is kept."""
    row = dict(fields)
    moved = {ours: look_up(fields, theirs) for ours, theirs in mapping.items()}
    for ours, theirs in mapping.items():
        if theirs not in mapping:
            row.pop(theirs, None)
        if moved[ours] is not None or ours not in fields:
            row[ours] = moved[ours]
    return row


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """``{"judges.gpt-4": 1}`` -> ``{"judges": {"gpt-4": 1}}`` for the object fields of a flat file."""
    row: dict[str, Any] = {}
    objects: dict[str, dict[str, Any]] = {}
    for name, value in flat.items():
        parent, dot, child = name.partition(".")
        if not (dot and parent in _OBJECTS):
            row[name] = value
        elif value is not None:
            objects.setdefault(parent, {})[child] = value
    for parent, inner in objects.items():
        given = row.get(parent)
        row[parent] = {**given, **inner} if isinstance(given, Mapping) else inner
    return row
