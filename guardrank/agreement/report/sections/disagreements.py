"""The rows on which raters and people differ most, as cards; every text on them is hostile input."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Answer, Case, Cases, Fold, Prose, Section
from guardrank.agreement.report.findings import class_name, colour_of
from guardrank.agreement.report.numbers import counted, decimal
from guardrank.agreement.report.untrusted import name, passage
from guardrank.agreement.results import Disagreement, Study

OPEN = 10
"""How many rows stand open; the others unfold."""
CARDS = 30
"""How many rows the page shows at all."""
ANSWERS = 12
"""How many raters' answers a card shows."""


def disagreements(study: Study) -> Section:
    """A card for each row."""
    found = study.disagreements
    if not found:
        return Section("rows", "Where they disagree most", absent="no row has a label and a score that differ")
    cards = tuple(_case(study, each) for each in found[:CARDS])
    notes = ["These texts are input of the study, shown as they are. They may be offensive, harmful or false."]
    if len(found) > CARDS:
        notes.append(f"The first {CARDS} of {len(found):,}; study.json has all.")
    blocks: list[Prose | Cases | Fold] = [Prose(tuple(notes), "note"), Cases(cards[:OPEN])]
    if rest := cards[OPEN:]:
        blocks.append(Fold(counted(len(rest), "more row"), Cases(rest)))
    return Section("rows", "Where they disagree most", tuple(blocks))


def _case(study: Study, each: Disagreement) -> Case:
    model = Markup(" · {}").format(name(each.model, 40)) if each.model else ""
    note = Markup("{} · distance {}").format(name(each.id, 60), decimal(each.distance))
    texts = {"Prompt": each.prompt, "Response": each.response, "Reference": each.reference}
    return Case(
        heading=Markup("{}{}").format(name(each.dimension, 40), model),
        note=note,
        answers=(Answer("people", name(class_name(study, each.label), 40), "people"), *_answers(study, each)),
        texts=tuple((title, passage(text)) for title, text in texts.items() if text is not None),
    )


def _answers(study: Study, each: Disagreement) -> list[Answer]:
    shown = list(each.scores.items())[:ANSWERS]
    answers = [_answer(study, rater, score) for rater, score in shown]
    left = len(each.scores) - len(shown)
    return [*answers, *([Answer(f"{left:,} more", "not shown", "people")] if left else [])]


def _answer(study: Study, rater: str, score: int | None) -> Answer:
    colour = colour_of(study, rater)
    if score is None:
        return Answer(name(rater, 30), "no score", f"{colour} unscored")
    return Answer(name(rater, 30), name(class_name(study, score), 40), colour)
