"""All figures of all rows: a column a rater, and a column for each pair of people."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Row, Section, Table
from guardrank.agreement.report.cells import counts_cell, estimate_cell, facts_cell
from guardrank.agreement.report.findings import whole
from guardrank.agreement.report.untrusted import name
from guardrank.agreement.results import Agreement, Rater, Slice, Study
from guardrank.metrics import Estimate

METRICS: dict[str, tuple[str, Callable[[Agreement], Estimate]]] = {
    "Kappa": ("Cohen", lambda each: each.kappa),
    "Weighted kappa": ("quadratic weights", lambda each: each.weighted_kappa),
    "Alpha": ("Krippendorff, ordinal", lambda each: each.alpha),
    "Accuracy": ("share of equal labels", lambda each: each.accuracy),
    "Majority": ("always the commonest label", lambda each: each.majority),
    "Macro F1": ("mean over the classes", lambda each: each.macro_f1),
    "Spearman": ("rank correlation", lambda each: each.spearman),
    "Mean absolute error": ("0 at best", lambda each: each.mae),
}

COUNTS: dict[str, Callable[[Agreement], int]] = {
    "Rows with label and score": lambda each: each.n,
    "Rows with a label only": lambda each: each.missing,
    "Prompts": lambda each: each.clusters,
    "Labels above 0": lambda each: each.positives,
}


def figures(study: Study) -> Section:
    """The table of figures, and who the raters are."""
    part, blocks = whole(study), []
    if part and (part.agreements or part.humans):
        blocks.append(_figures_table(part))
    if study.raters:
        blocks.append(_raters_table(study.raters))
    return Section("figures", "All figures", tuple(blocks), absent="no rater answered")


def _figures_table(part: Slice) -> Table:
    columns = [*part.agreements, *part.humans]
    people = [
        Markup('{} <small class="people">people</small>').format(name(pair.rater, 40)) for pair in part.humans
    ]
    head = ("Figure", *(name(each.rater, 40) for each in part.agreements), *people)
    rows = [
        Row(_head(title, note), tuple(estimate_cell(read(each)) for each in columns))
        for title, (note, read) in METRICS.items()
    ]
    rows += [Row(title, tuple(Cell(f"{count(each):,}") for each in columns)) for title, count in COUNTS.items()]
    rows.append(Row("Conclusion", tuple(_conclusion(each) for each in columns)))
    return Table("Each rater against people on all rows, with 95 % intervals", head, tuple(rows))


def _head(title: str, note: str) -> Markup:
    return Markup("{} <small>{}</small>").format(title, note)


def _conclusion(each: Agreement) -> Cell:
    return Cell("undecided", name(each.undecided, 80), "undecided") if each.undecided else Cell("may be drawn")


def _raters_table(raters: list[Rater]) -> Table:
    head = ("Rater", "As given, and the judge", "Answered", "No score", "Why", "Abstained", "Also known")
    return Table("Who answered", head, tuple(_rater(each) for each in raters))


def _rater(rater: Rater) -> Row:
    failed = sum(rater.failures.values())
    cells = (
        Cell(name(rater.spec, 80), name(rater.judge, 80), "words"),
        Cell(f"{rater.answered:,}"),
        Cell(f"{failed:,}"),
        counts_cell(rater.failures),
        Cell(f"{rater.abstained:,}"),
        facts_cell(rater.facts),
    )
    return Row(name(rater.name, 60), cells)
