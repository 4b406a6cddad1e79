"""Rater against rater: paired differences on the rows that both scored."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Fold, Panel, Panels, Prose, Row, Section, Table
from guardrank.agreement.report.cells import estimate_cell
from guardrank.agreement.report.charts.forest import forest
from guardrank.agreement.report.charts.intervals import IntervalRow, values_of, width_scale
from guardrank.agreement.report.findings import colour_of, whole
from guardrank.agreement.report.numbers import probability, written
from guardrank.agreement.report.untrusted import name, visible
from guardrank.agreement.results import Comparison, Outcome, Study

SYMBOLS: dict[Outcome, str] = {"ahead": "▲", "behind": "▼", "undecided": "?"}
METRICS = {"kappa": "Kappa", "weighted_kappa": "Weighted kappa", "accuracy": "Accuracy"}
KINDS = {"lang": "language"}
LISTED = 600
"""How many comparisons of slices the page lists."""

LEGEND = (
    "Right of zero the rater in the heading is ahead (▲), left of it the rater of the line (▼). Hollow, marked ?, "
    "is undecided: the interval holds zero, or there are too few rows."
)

_HEAD = ("Pair", "Difference", "Outcome", "p", "Rows", "More prompts")


def pairs(study: Study) -> Section:
    """The differences in kappa drawn, all in a table, and those of the slices."""
    part = whole(study)
    found = part.comparisons if part else []
    blocks: list[Panels | Prose | Table | Fold] = []
    if kappas := [each for each in found if each.metric == "kappa"]:
        blocks += [_drawn(study, kappas), Prose((LEGEND,), "note")]
    if found:
        rows = tuple(_row(each, METRICS[each.metric]) for each in found)
        blocks.append(Table("Differences on all rows: the first rater minus the second, paired", _HEAD, rows))
    if by_slice := _slice_rows(study):
        more = "" if len(by_slice) <= LISTED else f", the first {LISTED:,} of {len(by_slice):,}"
        table = Table(f"Differences in kappa by slice{more}", _HEAD, tuple(by_slice[:LISTED]))
        blocks.append(Fold(f"Differences in kappa by slice ({len(by_slice):,})", table))
    few = len(study.raters) < 2
    absent = "one rater has nobody to be compared with" if few else "no two raters scored the same labelled rows"
    return Section("pairs", "Rater against rater", tuple(blocks), absent)


def _drawn(study: Study, comparisons: Sequence[Comparison]) -> Panels:
    """A panel for each rater that comes first in a comparison, all on one scale."""
    firsts = list(dict.fromkeys(each.first for each in comparisons))
    rows = {first: [_interval(study, each) for each in comparisons if each.first == first] for first in firsts}
    scale = width_scale([value for each in rows.values() for value in values_of(each)], (-0.1, 0.1))
    panels = [
        Panel(
            Markup("{} minus …").format(name(first, 40)),
            "kappa, all rows",
            forest(f"differences-{place}", f"Kappa of {visible(first)} minus ...", rows[first], scale, sign=True),
        )
        for place, first in enumerate(firsts)
    ]
    return Panels(tuple(panels))


def _interval(study: Study, each: Comparison) -> IntervalRow:
    return IntervalRow(
        label=each.second,
        estimate=each.difference,
        written=f"{written(each.difference, sign=True)} {SYMBOLS[each.outcome]}",
        colour=colour_of(study, each.second),
        hollow=each.outcome == "undecided",
    )


def _slice_rows(study: Study) -> list[Row]:
    return [
        _row(each, Markup("{} {}").format(KINDS.get(part.by, part.by), name(part.value, 40)))
        for part in study.slices
        if part.by != "all"
        for each in part.comparisons
        if each.metric == "kappa"
    ]


def _row(each: Comparison, where: str) -> Row:
    head = Markup("{} \u2212 {} <small>{}</small>").format(name(each.first, 30), name(each.second, 30), where)
    cells = (
        estimate_cell(each.difference, sign=True),
        Cell(f"{SYMBOLS[each.outcome]} {each.outcome}", tone=each.outcome),
        Cell(probability(each.p)),
        Cell(f"{each.n:,}"),
        Cell("–" if each.more_clusters is None else f"about {each.more_clusters:,}"),
    )
    return Row(head, cells)
