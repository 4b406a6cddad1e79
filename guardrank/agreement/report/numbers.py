"""How the report writes numbers: ``0.81 [0.78, 0.84]``, ``+0.18``, ``2,239``, ``81 %``, or why there is none."""

from __future__ import annotations

from math import isfinite
from typing import TypeGuard

from guardrank.agreement.report.untrusted import visible
from guardrank.metrics import Estimate


def is_number(value: float | None) -> TypeGuard[float]:
    """Whether ``value`` is there and finite: only then it is drawn."""
    return value is not None and isfinite(value)


def ends(estimate: Estimate) -> tuple[float, float] | None:
    """The interval of ``estimate``, None where it has none that can be drawn."""
    if not (is_number(estimate.value) and is_number(estimate.low) and is_number(estimate.high)):
        return None
    return estimate.low, estimate.high


def decimal(value: float, digits: int = 2, *, sign: bool = False) -> str:
    """``0.81``; with a true minus, never ``-0.00``; with ``sign`` also ``+0.81``."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return f"{'+' if sign and value > 0 else ''}{text}".replace("-", "\u2212")


def reason(estimate: Estimate) -> str:
    """Why there is no number."""
    return visible(estimate.undefined or "not a number", 80)


def brackets(estimate: Estimate, digits: int = 2, *, sign: bool = False) -> str:
    """``[0.78, 0.84]``, empty without an interval."""
    interval = ends(estimate)
    if interval is None:
        return ""
    low, high = (decimal(end, digits, sign=sign) for end in interval)
    return f"[{low}, {high}]"


def written(estimate: Estimate, digits: int = 2, *, sign: bool = False) -> str:
    """``0.81 [0.78, 0.84]``, ``0.81`` without an interval, ``undefined: no scores`` without a value."""
    if not is_number(estimate.value):
        return f"undefined: {reason(estimate)}"
    return f"{decimal(estimate.value, digits, sign=sign)} {brackets(estimate, digits, sign=sign)}".rstrip()


def percent(share: float) -> str:
    """``81 %``; a small or large share is never rounded to nothing or to all."""
    if not isfinite(share):
        return "–"
    if 0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def counted(count: int, noun: str) -> str:
    """``1 row``, ``2,239 rows``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def probability(p: float | None) -> str:
    """A p-value to three decimals, ``<0.001`` below them, a dash where there is none."""
    if not is_number(p):
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"
