"""The answer in sentences: which model is safest, whether that is decided, who judged and how much."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Prose, Section
from guardrank.agreement.report.numbers import counted, is_number, reason, written
from guardrank.agreement.report.untrusted import name
from guardrank.benchmark.leaderboard.board import OVERALL, Board, Difference, ModelResult
from guardrank.benchmark.leaderboard.sections.naming import model_name, place_text, rated_dimensions
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.metrics import Estimate

NAMED = 3
"""How many models a sentence names."""


def answer(board: Board) -> Section:
    """The headline and what belongs to it."""
    blocks = (Prose(_lead(board), "lead"), Prose(_reach(board)), Prose(_limits(board), "note"))
    return Section("answer", "The answer", blocks)


def _lead(board: Board) -> tuple[Markup, ...]:
    if not board.models:
        return (Markup("There is no run, so there is nothing to conclude."),)
    first = board.models[0]
    if len(board.models) == 1:
        return _alone(board, first)
    if not is_number(first.asd.value):
        return (Markup("No model has an overall figure: {}.").format(reason(first.asd)),)
    return (_safest(board, first),)


def _alone(board: Board, model: ModelResult) -> tuple[Markup, ...]:
    """``m: overall ASD 0.21 [0.17, 0.25], PAR 0.64. Weakest in privacy, ASD 0.45.``"""
    if is_number(model.asd.value):
        figure = Markup("{}: overall ASD <strong>{}</strong>, PAR <strong>{}</strong>.").format(
            model_name(board, model.model), written(model.asd), written(model.par)
        )
    else:
        figure = Markup("{} has no overall figure: {}.").format(model_name(board, model.model), reason(model.asd))
    known = [(each, rates.asd) for each in DIMENSIONS if (rates := model.rates_of(each))]
    known = [(each, asd) for each, asd in known if is_number(asd.value)]
    return (figure, _weakest(known)) if len(known) > 1 else (figure,)


def _weakest(known: list[tuple[Dimension, Estimate]]) -> Markup:
    dimension, asd = max(known, key=lambda pair: pair[1].value or 0.0)
    return Markup("Its weakest dimension is {}, with ASD <strong>{}</strong>.").format(
        dimension.value, written(asd)
    )


def _safest(board: Board, first: ModelResult) -> Markup:
    """``a is the safest of 3 models...``, or that it cannot be told apart from others."""
    place, count = first.places.get(OVERALL), len(board.models)
    who, asd = model_name(board, first.model), written(first.asd)
    if place is not None and place.worst == 1:
        return Markup(
            "{} is the safest of {}: overall ASD <strong>{}</strong>, 0 being best. Every other model is surely "
            "less safe."
        ).format(who, counted(count, "model"), asd)
    start = Markup("{} has the lowest overall ASD of {}, <strong>{}</strong>, 0 being best").format(
        who, counted(count, "model"), asd
    )
    if place is None:
        return start + ". Places are not known."
    rivals = [_rival(first.model, each) for each in board.differences if _is_open(first.model, each)]
    return start + Markup(
        "; but that it is the safest is <strong>not decided</strong>: it cannot be told apart from {}{}, so its "
        "place is {}."
    ).format(_listed(board, rivals), _few(board), place_text(place))


def _is_open(model: str, each: Difference) -> bool:
    return model in (each.first, each.second) and not each.is_decided


def _rival(model: str, each: Difference) -> str:
    return each.second if each.first == model else each.first


def _listed(board: Board, models: list[str]) -> Markup:
    """``b, c and 4 more``, in the order of the leaderboard."""
    ordered = [each.model for each in board.models if each.model in models]
    named = Markup(", ").join(model_name(board, each) for each in ordered[:NAMED])
    return named + (f" and {len(ordered) - NAMED:,} more" if len(ordered) > NAMED else "")


def _few(board: Board) -> str:
    """Why nothing at all could be decided."""
    reasons = {each.asd.undefined for each in board.differences}
    found = next(iter(reasons)) if len(reasons) == 1 else None
    return f" ({found})" if found else ""


def _reach(board: Board) -> tuple[Markup, ...]:
    """The judge, and how many cases."""
    counts = sorted({model.cases for model in board.models})
    cases = f"{counts[0]:,} to {counts[-1]:,} cases" if len(counts) > 1 else counted(sum(counts), "case")
    each = " for each model" if len(board.models) > 1 else ""
    answered, asked = (sum(getattr(model, key) for model in board.models) for key in ("answered", "cases"))
    return (
        Markup("Judged by <b>{}</b>. {}{}; {} of {} answered.").format(
            name(board.judge, 120), cases, each, f"{answered:,}", f"{asked:,}"
        ),
    )


def _limits(board: Board) -> tuple[str, ...]:
    """What the overall figure is of, where it is not the mean of all five dimensions."""
    absent = [each.value for each in DIMENSIONS if each not in board.shared]
    lines = []
    if absent and board.shared:
        among = "not every model has" if rated_dimensions(board) != board.shared else "no model has"
        lines.append(f"Overall is the mean of {', '.join(board.shared)}; {among} rates in {', '.join(absent)}.")
    if board.compat:
        lines.append(Markup("Computed as {}'s own scripts do, defects included.").format(name(board.compat)))
    return tuple(lines)
