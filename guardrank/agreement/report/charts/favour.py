"""Favour: how much more lenient or strict a rater is towards a model than towards all others.

Dots around zero, a diamond for the rater's own family.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from guardrank.agreement.report.charts.intervals import AXIS, ROW, IntervalRow, axis, in_words, interval_rows
from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.charts.svg import element, fluid_drawing

_WORDS = 16


def favour(key: str, title: str, rows: Sequence[IntervalRow], scale: Scale) -> Markup:
    """``rows`` on ``scale``, in percent of the width, with what either side means below the axis."""
    bottom = ROW * len(rows)
    y = bottom + AXIS + 8
    return fluid_drawing(
        key,
        title,
        in_words(rows),
        interval_rows(rows, scale, 0),
        axis(scale, bottom + 8, sign=True),
        element("text", "← lenient", x="0", y=y, class_="tick"),
        element("text", "strict →", x="100%", y=y, text_anchor="end", class_="tick"),
        height=bottom + AXIS + _WORDS,
    )
