"""Cells of tables: an estimate with its interval, and what is known of a model besides."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Tone
from guardrank.agreement.report.numbers import brackets, decimal, is_number, reason
from guardrank.agreement.report.untrusted import name
from guardrank.metrics import Estimate


def estimate_cell(estimate: Estimate, digits: int = 3, *, sign: bool = False, tone: Tone = "") -> Cell:
    """A value with its interval below it, or why there is none."""
    if not is_number(estimate.value):
        return Cell("undefined", reason(estimate), "undefined")
    return Cell(decimal(estimate.value, digits, sign=sign), brackets(estimate, digits, sign=sign), tone)


def facts_cell(facts: Mapping[str, object]) -> Cell:
    """``dollars 4.18, tokens 1,183,204``."""
    said = [Markup("{} {}").format(name(key, 40), _fact(value)) for key, value in facts.items()]
    return Cell(Markup(", ").join(said) or "–", tone="words")


def counts_cell(counts: Mapping[str, int]) -> Cell:
    """``refused 8, cut 4``."""
    said = [Markup("{} {:,}").format(name(why), count) for why, count in counts.items()]
    return Cell(Markup(", ").join(said) or "–", tone="words")


def _fact(value: object) -> Markup:
    if isinstance(value, int) and not isinstance(value, bool):
        return Markup("{:,}").format(value)
    return name(f"{value:,.4g}" if isinstance(value, float) else str(value), 80)
