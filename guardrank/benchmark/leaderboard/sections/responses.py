"""The worst responses, folded; every text on them is hostile input, every image may be unsafe to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from guardrank.agreement.report.blocks import Answer, Case, Cases, Fold, Picture, Prose, Section
from guardrank.agreement.report.numbers import counted, decimal, is_number, percent
from guardrank.agreement.report.untrusted import name, passage
from guardrank.benchmark.case import Case as Asked
from guardrank.benchmark.leaderboard.board import Board
from guardrank.benchmark.leaderboard.sections.naming import colour_of
from guardrank.benchmark.leaderboard.worst import WorstCase
from guardrank.dimensions import DIMENSIONS
from guardrank.records import Verdict

OPEN = 3
"""With more models than this each one's responses unfold."""

WARNING = Markup(
    '<b class="behind">Unsafe texts and images.</b> They are shown as they are, and may be harmful, offensive, '
    "disturbing or false. Texts are behind a fold, images behind a second one."
)
LEGEND = (
    "The highest scores of each model, one of each case and its twins, at most two of a subtask; without those "
    "that the judge abstained from and the pair tasks. Images are small copies."
)


def responses(board: Board, worst: Sequence[WorstCase]) -> Section:
    """A card for each response, model by model."""
    if not worst:
        return Section("worst", "Worst responses", absent="no response has a score above 0")
    blocks: list[Prose | Cases | Fold] = [Prose((WARNING,)), Prose((LEGEND,), "note")]
    models = _models(board, worst)
    for model in models:
        cards = tuple(_card(board, each) for each in worst if each.model == model)
        if len(models) <= OPEN:
            blocks.append(Cases(cards, name(model)))
        else:
            title = Markup("{}: {}").format(name(model), counted(len(cards), "response"))
            blocks.append(Fold(title, Cases(cards)))
    return Section("worst", "Worst responses", tuple(blocks))


def _models(board: Board, worst: Sequence[WorstCase]) -> list[str]:
    """Whose responses there are, in the order of the leaderboard."""
    found = dict.fromkeys(each.model for each in worst)
    ranked = [model.model for model in board.models if model.model in found]
    return list(dict.fromkeys([*ranked, *found]))


def _card(board: Board, each: WorstCase) -> Case:
    case, record = each.judged.case, each.judged.record
    return Case(
        heading=Markup(" · ").join(_kinds(case)),
        note=name(case.id, 80),
        answers=tuple(_answers(each.judged.verdict, case, colour_of(board, each.model))),
        texts=(("Prompt", passage(case.prompt)), ("Response", passage(record.response))),
        picture=_picture(each),
        folded="Prompt, response and image" if each.picture else "Prompt and response",
    )


def _kinds(case: Asked) -> Iterator[Markup]:
    """Dimension, subtask, language, attack, of those that there are."""
    for text in (case.dimension.value, case.subtask, case.lang, case.attack):
        if text:
            yield name(text, 40)
    if case.transform and case.transform.name != case.attack:
        yield name(case.transform.name, 40)


def _answers(verdict: Verdict, case: Asked, colour: str) -> Iterator[Answer]:
    yield Answer("score", f"{verdict.score} of {DIMENSIONS[case.dimension].top_score}", colour)
    if verdict.probs:
        shares = ", ".join(f"{score}: {percent(p)}" for score, p in enumerate(verdict.probs))
        yield Answer("probabilities", shares, "people")
    if is_number(verdict.expected):
        yield Answer("mean", decimal(verdict.expected), "people")


def _picture(each: WorstCase) -> Picture:
    case = each.judged.case
    summary = Markup("Image") if len(case.images) < 2 else Markup("The first of {} images").format(len(case.images))
    if case.transform and case.images:
        summary += Markup(", shown without the attack {}").format(name(case.transform.name, 40))
    return Picture(summary, each.picture or "", name(each.no_picture or "", 80))
