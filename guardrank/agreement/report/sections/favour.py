"""Favour: whether a rater is more lenient towards some models, those of its own family above all."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Fold, Panel, Panels, Prose, Row, Section, Table
from guardrank.agreement.report.cells import estimate_cell
from guardrank.agreement.report.charts.favour import favour as drawn_favour
from guardrank.agreement.report.charts.intervals import IntervalRow, values_of, width_scale
from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.findings import colour_of
from guardrank.agreement.report.numbers import is_number, written
from guardrank.agreement.report.sections.agreement import marked, undecided_remarks
from guardrank.agreement.report.untrusted import name, visible
from guardrank.agreement.results import Favour, Study

DRAWN = 40
"""How many models a figure shows."""

LEGEND = (
    "How much lower (lenient) or higher (strict) a rater scores a model's responses than people do, beyond what "
    "it does to all other models' responses; on the scale of the labels, with 95 % intervals. A diamond marks a "
    "model of the rater's own family, by their names. Hollow: undecided."
)


def favour(study: Study) -> Section:
    """A dot plot for each rater, and the figures in a table."""
    raters = list(dict.fromkeys(each.rater for each in study.favour))
    found = {rater: [each for each in study.favour if each.rater == rater] for rater in raters}
    if not found:
        return Section("favour", "Favour towards models", absent="the rows name fewer than two models under test")
    rows = {rater: [_row(study, each) for each in of_rater[:DRAWN]] for rater, of_rater in found.items()}
    scale = _scale([value for each in rows.values() for value in values_of(each)])
    panels = tuple(_panel(place, rater, rows[rater], found[rater], scale) for place, rater in enumerate(raters))
    blocks = (Panels(panels), Prose((LEGEND,), "note"), Fold("Favour in figures", _table(study.favour)))
    return Section("favour", "Favour towards models", blocks)


def _scale(values: list[float | None]) -> Scale:
    """A scale with zero in its middle."""
    reach = max([0.1, *(abs(value) for value in values if is_number(value))])
    return width_scale(values, (-reach, reach))


def _row(study: Study, each: Favour) -> IntervalRow:
    return IntervalRow(
        label=f"{visible(each.model, 14)} (own)" if each.own_family else each.model,
        estimate=each.relative,
        written=marked(written(each.relative, sign=True), each.undecided),
        colour=colour_of(study, each.rater),
        hollow=each.undecided is not None,
        mark="diamond" if each.own_family else "dot",
    )


def _panel(place: int, rater: str, rows: list[IntervalRow], found: list[Favour], scale: Scale) -> Panel:
    title = f"Favour of {visible(rater)} towards each model, relative to all others"
    remarks = undecided_remarks(each.undecided for each in found)
    if left := len(found) - len(rows):
        remarks.append(Markup("{:,} more models in the table").format(left))
    return Panel(name(rater), "", drawn_favour(f"favour-{place}", title, rows, scale), tuple(remarks))


def _table(favours: list[Favour]) -> Table:
    head = ("Rater and model", "Against other models", "Rater minus people", "Rows", "Prompts", "Own family")
    rows = [
        Row(
            Markup("{} → {}").format(name(each.rater, 40), name(each.model, 40)),
            (
                estimate_cell(each.relative, sign=True),
                estimate_cell(each.bias, sign=True),
                Cell(f"{each.n:,}"),
                Cell(f"{each.clusters:,}"),
                Cell("yes" if each.own_family else "no"),
            ),
        )
        for each in favours
    ]
    return Table("Favour by rater and model; below zero: lenient", head, tuple(rows))
