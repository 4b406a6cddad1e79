"""Forest plot: an estimate a row on one scale, and the human ceiling as a band on their bars."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from guardrank.agreement.report.charts.intervals import AXIS, ROW, Band, IntervalRow, axis, in_words, interval_rows
from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.charts.svg import EMPTY, element, fluid_drawing

_KEY = 22
"""Pixels above the rows that say what the band is."""


def forest(
    key: str,
    title: str,
    rows: Sequence[IntervalRow],
    scale: Scale,
    band: Band | None = None,
    *,
    sign: bool = False,
) -> Markup:
    """``rows`` on ``scale``, in percent of the width; ``sign`` writes ticks with their sign."""
    top = _KEY if band else 0
    bottom = top + ROW * len(rows)
    said = f"{in_words(rows)}; {band.written}" if band else in_words(rows)
    return fluid_drawing(
        key,
        title,
        said,
        _key(band) if band else EMPTY,
        interval_rows(rows, scale, top, band),
        axis(scale, bottom + 8, sign=sign),
        height=bottom + AXIS,
    )


def _key(band: Band) -> Markup:
    swatch = element("rect", x="0", y=2, width=14, height=14, class_="ceiling")
    return swatch + element("text", band.written, x=22, y=14, class_="ceiling-label")
