"""Every rater's kappa on one scale, with the human ceiling."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from guardrank.agreement.report.blocks import Panel, Panels, Prose, Section
from guardrank.agreement.report.charts.forest import forest
from guardrank.agreement.report.charts.intervals import Band, IntervalRow, values_of, width_scale
from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.findings import Ceiling, colour_of, find_ceiling, whole
from guardrank.agreement.report.numbers import counted, written
from guardrank.agreement.report.untrusted import name
from guardrank.agreement.results import Slice, Study

LEGEND = (
    "The dot is Cohen's kappa between rater and people, 1 for full agreement and 0 for what chance alone would "
    "give; the line is its 95 % interval. Hollow dots on dashed lines, marked ?, are undecided: too few rows to "
    "conclude from."
)
BAND_LEGEND = " The framed band is how far people agree with each other."


def agreement(study: Study) -> Section:
    """The forest plot of all rows."""
    part = whole(study)
    if part is None or not part.agreements:
        return Section("agreement", "Agreement with people", absent="no rater has a score on a labelled row")
    rows, ceiling = kappa_rows(study, part), find_ceiling(part.humans)
    drawing = forest(
        "kappa-all", "Kappa of each rater against people", rows, kappa_scale([rows], [ceiling]), band(ceiling)
    )
    panel = Panel("Kappa against people, all rows", counted(part.rows, "row"), drawing)
    legend = LEGEND + BAND_LEGEND if ceiling else LEGEND
    return Section("agreement", "Agreement with people", (Panels((panel,), size="whole"), Prose((legend,), "note")))


def kappa_rows(study: Study, part: Slice) -> list[IntervalRow]:
    """A row for each rater of ``part``."""
    return [
        IntervalRow(
            label=each.rater,
            estimate=each.kappa,
            written=marked(written(each.kappa), each.undecided),
            colour=colour_of(study, each.rater),
            hollow=each.undecided is not None,
        )
        for each in part.agreements
    ]


def marked(figure: str, undecided: str | None) -> str:
    """``figure`` with a ? behind it where it is undecided."""
    return f"{figure} ?" if undecided else figure


def undecided_remarks(whys: Iterable[str | None]) -> list[Markup]:
    """What the ? stands for, each reason once."""
    return [Markup("? {}").format(name(why, 100)) for why in dict.fromkeys(whys) if why]


def kappa_scale(rows: list[list[IntervalRow]], ceilings: list[Ceiling | None]) -> Scale:
    """One scale for several drawings, so that they can be compared."""
    values = [value for each in rows for value in values_of(each)]
    return width_scale([*values, *(end for each in ceilings if each for end in (each.low, each.high))])


def band(ceiling: Ceiling | None) -> Band | None:
    """The human ceiling as a drawing shows it."""
    return Band(ceiling.low, ceiling.high, f"people with each other {ceiling.text}") if ceiling else None
