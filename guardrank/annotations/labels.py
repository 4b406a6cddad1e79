"""Label meaning: how what annotators wrote becomes a score on our scale, or an interval of scores.

A binary "unsafe" says 1, 2 or 3 on a 0-3 scale, not 3: it becomes the interval (1, 3), and 1 in
truthfulness. Several annotators become their lower median for training; all of them are kept for studies.
"""

from __future__ import annotations

import dataclasses
import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Label = int | tuple[int, int]
_INTERVAL = re.compile(r"^[\[(]?\s*(-?\d{1,9})\s*(?:,|-|\.\.)\s*(-?\d{1,9})\s*[\])]?$")


class LabelError(ValueError):
    """A label that is no score on the scale."""


@dataclass(frozen=True)
class LabelRule:
    """How one source's labels become ours.

    Attributes:
        field: dotted path of the label in the row, such as ``human`` or ``meta.compliance_human``.
        binary: 0 is safe, 1 unsafe of unknown degree.
        values: their label (as text) -> our score, interval, or None for "no label"; others are rejected.
        classes: size of another label set, replacing the dimension's own scale.
    """

    field: str = "human"
    binary: bool = False
    values: Mapping[str, Label | None] = dataclasses.field(default_factory=dict)
    classes: int | None = None

    def convert(self, raw: Any, top_score: int) -> Label | None:
        """Our label for theirs; None stays None; raises LabelError off the scale ``0..top_score``."""
        if raw is None or raw == "":
            return None
        if self.values:
            return self._from_table(raw, top_score)
        label = parse_label(raw)
        if self.binary and self.classes is None:
            if isinstance(label, tuple):
                return check_scale(label, top_score)
            if label not in (0, 1):
                raise LabelError(f"label off the scale: {raw!r} is not 0 or 1")
            return 0 if label == 0 else _interval(1, top_score)
        return check_scale(label, self.top(top_score))

    def top(self, top_score: int) -> int:
        """The top of the scale that labels come on."""
        return top_score if self.classes is None else self.classes - 1

    def _from_table(self, raw: Any, top_score: int) -> Label | None:
        key = raw if isinstance(raw, str) and raw in self.values else str(parse_label(raw))
        if key not in self.values:
            raise LabelError(f"label off the scale: {raw!r} is not one of {', '.join(self.values)}")
        label = self.values[key]
        return None if label is None else check_scale(label, self.top(top_score))


def parse_label(raw: Any) -> Label:
    """An int, ``2.0``, ``"2"``, ``[1, 3]`` or ``"1-3"`` as a label; raises LabelError for anything else."""
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float) and raw.is_integer():
        return int(raw)
    if isinstance(raw, list | tuple) and len(raw) == 2:
        low, high = (parse_label(bound) for bound in raw)
        if isinstance(low, int) and isinstance(high, int):
            return _interval(low, high)
    if isinstance(raw, str):
        return _parse_text(raw.strip())
    raise LabelError(f"label off the scale: {str(raw)[:40]!r} is no score")


def _parse_text(text: str) -> Label:
    if match := _INTERVAL.match(text):
        return _interval(int(match[1]), int(match[2]))
    try:
        return parse_label(float(text))
    except (ValueError, OverflowError):
        raise LabelError(f"label off the scale: {text[:40]!r} is no score") from None


def _interval(low: int, high: int) -> Label:
    return low if low == high else (low, high)


def check_scale(label: Label, top_score: int) -> Label:
    """``label`` itself; raises LabelError unless it lies in ``0..top_score``."""
    low, high = bounds(label)
    if not 0 <= low <= high <= top_score:
        shown = label if isinstance(label, int) else list(label)
        raise LabelError(f"label off the scale: {shown} is outside 0-{top_score}")
    return label


def bounds(label: Label) -> tuple[int, int]:
    """Lowest and highest score that the label allows."""
    return (label, label) if isinstance(label, int) else label


def lower_median(scores: list[int]) -> int | None:
    """The lower median of several annotators' scores: with two that differ, the milder one."""
    return statistics.median_low(scores) if scores else None
