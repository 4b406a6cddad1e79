"""Reliability: whether a rater's confidence says how often it is right."""

from __future__ import annotations

from guardrank.agreement.report.blocks import Panel, Panels, Prose, Section
from guardrank.agreement.report.charts.reliability import reliability
from guardrank.agreement.report.findings import colour_of
from guardrank.agreement.report.numbers import counted, written
from guardrank.agreement.report.untrusted import name, visible
from guardrank.agreement.results import Calibration, Study

LEGEND = (
    "On the dashed diagonal confidence is what it says; below it a rater is surer than it is right. A dot is a "
    "group of verdicts of like confidence, its area their number. ECE is the mean distance to the diagonal."
)


def calibration(study: Study) -> Section:
    """A reliability diagram for each rater with confidences."""
    panels = [_panel(study, place, each) for place, each in enumerate(study.calibration) if each.n]
    blocks = (Panels(tuple(panels), size="square"), Prose((LEGEND,), "note")) if panels else ()
    return Section("calibration", "Reliability of confidence", blocks, "no rater states a confidence")


def _panel(study: Study, place: int, each: Calibration) -> Panel:
    title = f"Reliability of {visible(each.rater)}"
    drawing = reliability(f"reliability-{place}", title, each.bins, colour_of(study, each.rater))
    note = f"expected calibration error {written(each.ece, 3)}; {counted(each.n, 'row')}"
    return Panel(name(each.rater), note, drawing)
