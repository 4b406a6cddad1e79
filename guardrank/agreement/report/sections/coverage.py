"""Abstention: what is gained by leaving out the rows that a rater is least sure of."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Panel, Panels, Prose, Section
from guardrank.agreement.report.charts.coverage import coverage as drawn_curve
from guardrank.agreement.report.findings import colour_of
from guardrank.agreement.report.numbers import percent, written
from guardrank.agreement.report.untrusted import name, visible
from guardrank.agreement.results import Coverage, Study

LEGEND = (
    "Solid: accuracy. Dashed: kappa. The shade is the 95 % interval. Diamonds on the dotted line: where the "
    "rater's own abstention puts it. Further left fewer rows are answered, the surest ones."
)


def coverage(study: Study) -> Section:
    """An accuracy-coverage curve for each rater with confidences."""
    panels = [_panel(study, place, each) for place, each in enumerate(study.coverage) if each.points]
    blocks = (Panels(tuple(panels), size="square"), Prose((LEGEND,), "note")) if panels else ()
    return Section("coverage", "What abstention gains", blocks, "no rater states a confidence to abstain by")


def _panel(study: Study, place: int, each: Coverage) -> Panel:
    title = f"Accuracy and kappa of {visible(each.rater)} against the share of rows answered"
    drawing = drawn_curve(f"coverage-{place}", title, each.points, each.own, colour_of(study, each.rater))
    return Panel(name(each.rater), _own(each), drawing, _unknown(each))


def _own(each: Coverage) -> str:
    if each.own is None:
        return "it never abstains"
    return f"its own abstention answers {percent(each.own.coverage)}: accuracy {written(each.own.accuracy)}"


def _unknown(each: Coverage) -> tuple[Markup, ...]:
    """The points that cannot be drawn."""
    whys = [
        f"{what} at {percent(point.coverage)}: {written(value)}"
        for point in each.points
        for what, value in (("accuracy", point.accuracy), ("kappa", point.kappa))
        if value.undefined is not None
    ]
    return (
        (Markup("Not drawn: {}.").format("; ".join(whys[:6]) + ("; …" if len(whys) > 6 else "")),) if whys else ()
    )
