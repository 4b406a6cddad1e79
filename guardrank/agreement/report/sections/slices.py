"""Where agreement holds: a small forest plot for each dimension, language, model, length."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Fold, Panel, Panels, Prose, Section
from guardrank.agreement.report.charts.forest import forest
from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.findings import BY_TITLES, comparisons_of, find_ceiling
from guardrank.agreement.report.numbers import counted
from guardrank.agreement.report.sections.agreement import band, kappa_rows, kappa_scale, undecided_remarks
from guardrank.agreement.report.untrusted import name, visible
from guardrank.agreement.results import By, Comparison, Outcome, Slice, Study

OPEN = 12
"""How many figures of a kind stand open; the others unfold."""
DRAWN = 60
"""How many figures of a kind are drawn at all, the largest slices first."""

_WORDS: dict[Outcome, str] = {"ahead": "ahead of", "behind": "behind", "undecided": "not decided against"}


def slices(study: Study) -> Section:
    """Small multiples of kappa, one kind of slice after the other."""
    blocks: list[Panels | Fold | Prose] = []
    for by, title in BY_TITLES.items():
        parts = [part for part in study.slices if part.by == by]
        if len(parts) > 1:
            blocks += _multiples(study, by, title, parts)
        elif parts:
            blocks.append(Prose((Markup("{}: all rows are of one kind, {}.").format(title, name(parts[0].value)),)))
    absent = "the rows name nothing to part them by, such as a dimension, language or model"
    return Section("slices", "Where it holds", tuple(blocks), absent)


def _multiples(study: Study, by: By, title: str, parts: list[Slice]) -> list[Panels | Fold | Prose]:
    largest = sorted(range(len(parts)), key=lambda place: -parts[place].rows)[:DRAWN]
    drawn = [parts[place] for place in sorted(largest)]
    rows = [kappa_rows(study, part) for part in drawn]
    scale = kappa_scale(rows, [find_ceiling(part.humans) for part in drawn])
    panels = [_panel(study, f"{by}-{place}", part, scale) for place, part in enumerate(drawn)]
    blocks: list[Panels | Fold | Prose] = [Panels(tuple(panels[:OPEN]), title)]
    if rest := panels[OPEN:]:
        blocks.append(Fold(f"{counted(len(rest), 'more figure')}, {title.lower()}", Panels(tuple(rest))))
    if left := len(parts) - len(drawn):
        blocks.append(Prose((f"{counted(left, 'smaller slice')} not drawn; study.json has every one.",), "note"))
    return blocks


def _panel(study: Study, key: str, part: Slice, scale: Scale) -> Panel:
    clusters = max((each.clusters for each in part.agreements), default=0)
    title = f"Kappa of each rater against people, {visible(part.value, 40)}"
    drawing = forest(f"kappa-{key}", title, kappa_rows(study, part), scale, band(find_ceiling(part.humans)))
    undecided = undecided_remarks(each.undecided for each in part.agreements)
    note = f"{counted(part.rows, 'row')}, {counted(clusters, 'prompt')}"
    return Panel(name(part.value, 40), note, drawing, (*undecided, *_standing(study, part)))


def _standing(study: Study, part: Slice) -> list[Markup]:
    """``ours: ahead of gpt-4, keyword``: where the first rater stands."""
    first = study.raters[0].name if study.raters else ""
    groups: dict[Outcome, list[Comparison]] = {}
    for each in comparisons_of(part, first):
        groups.setdefault(each.outcome, []).append(each)
    found = [
        Markup('<span class="{}">{}</span> {}').format(
            outcome, words, Markup(", ").join(name(each.second) for each in groups[outcome])
        )
        for outcome, words in _WORDS.items()
        if outcome in groups
    ]
    return [Markup("{}: {}").format(name(first), Markup("; ").join(found))] if found else []
