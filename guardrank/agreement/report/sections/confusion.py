"""Confusion matrices: what raters say of the rows that people gave each label."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from guardrank.agreement.report.blocks import Panel, Panels, Section, Size
from guardrank.agreement.report.charts.heat import heat
from guardrank.agreement.report.findings import class_name, whole
from guardrank.agreement.report.numbers import counted
from guardrank.agreement.report.untrusted import name, visible
from guardrank.agreement.results import Agreement, Study


def confusion(study: Study) -> Section:
    """A heat map for each rater and each pair of people."""
    part = whole(study)
    raters = _with_rows(part.agreements) if part else []
    humans = _with_rows(part.humans) if part else []
    panels = [_panel(study, f"heat-{place}", each, name(each.rater)) for place, each in enumerate(raters)]
    panels += [
        _panel(study, f"heat-people-{place}", each, Markup("{}, people").format(name(each.rater)))
        for place, each in enumerate(humans)
    ]
    size: Size = "large" if max((len(each.confusion) for each in raters), default=0) > 3 else "square"
    blocks = (Panels(tuple(panels), size=size),) if panels else ()
    absent = "no rater has a score on a labelled row"
    return Section("confusion", "Confusion matrices", blocks, absent)


def _with_rows(agreements: Sequence[Agreement]) -> list[Agreement]:
    return [each for each in agreements if sum(map(sum, each.confusion))]


def _panel(study: Study, key: str, each: Agreement, heading: Markup) -> Panel:
    classes = [class_name(study, label) for label in range(len(each.confusion))]
    title = f"Confusion matrix of {visible(each.rater)} against people"
    return Panel(
        heading, f"{counted(each.n, 'row')}; shares are of each line", heat(key, title, classes, each.confusion)
    )
