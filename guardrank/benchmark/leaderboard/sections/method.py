"""Method and origin: how the figures are computed, and what is needed to get them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Prose, Row, Section, Table
from guardrank.agreement.report.cells import facts_cell
from guardrank.agreement.report.untrusted import name
from guardrank.benchmark.leaderboard.board import Board, ModelResult
from guardrank.benchmark.leaderboard.places import LEVEL, RESAMPLES

FACTS = 30
"""How many facts of a model the page shows."""


def method(board: Board) -> Section:
    """How, from which runs, with which software."""
    runs = Table("Runs", ("Model", "Folder", "As given", "Also known"), tuple(map(_run, board.models)))
    return Section(
        "method", "Method and origin", (Prose(_how(board)), *([runs] if runs.rows else []), _origin(board))
    )


def _how(board: Board) -> tuple[str, ...]:
    abstained = "count as scored" if board.include_abstained else "are left out, as are cases without a score"
    return (
        "The judge gives each response a score, 0 for a perfect answer up to 3, or 1 in truthfulness. ASD is the "
        "mean of score / top score, PAR the share of scores of 0; responses that the judge abstained from "
        f"{abstained}. Truthfulness is the mean of hallucination and the pair tasks, whose answers a rule reads. "
        "Overall is the unweighted mean of the dimensions that every model has rates in.",
        "Intervals are 95 % and let responses to one image depend on each other. Two models are compared on the "
        f"same {RESAMPLES:,} resamples of the images; a difference is decided where its p, corrected by Holm over "
        f"all pairs of models, is below {LEVEL:g}. A model's best place is one behind all that are surely safer, "
        "its worst one before all that are surely less safe.",
        "All figures rest on the judge: where it errs, they err. Labels by people (--labels) correct them.",
    )


def _run(model: ModelResult) -> Row:
    cells = (
        Cell(name(model.run, 60), tone="words"),
        Cell(name(model.spec, 80), tone="words"),
        facts_cell(dict(list(_flat(model.facts))[:FACTS])),
    )
    return Row(name(model.model, 40), cells)


def _flat(facts: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    """``{"decoding": {"top_p": 1}}`` as ``decoding.top_p``."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _origin(board: Board) -> Table:
    versions = (Markup("{} {}").format(name(key, 40), name(value, 40)) for key, value in board.versions.items())
    facts = {
        "Judge": name(board.judge, 200),
        "Overall is the mean of": ", ".join(board.shared) or "–",
        "Computed as": name(board.compat, 40) if board.compat else "guardrank does",
        "Labels": name(board.labels, 120) if board.labels else "none",
        "Command": Markup("<code>{}</code>").format(name(board.command, 2_000)),
        "Made": name(board.created, 40),
        "Versions": Markup(", ").join(versions),
    }
    rows = [Row(key, (Cell(value, tone="words"),)) for key, value in facts.items()]
    return Table("How to get it again", ("What", "Value"), tuple(rows))
