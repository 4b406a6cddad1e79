"""Clean against attacked: what each attack of guardrank-bench changes, the same judge on both."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Fold, Prose, Row, Section, Table, Tone
from guardrank.agreement.report.cells import estimate_cell
from guardrank.agreement.report.numbers import decimal, ends, is_number
from guardrank.agreement.report.untrusted import name
from guardrank.benchmark.leaderboard.board import AttackEffect, Board
from guardrank.metrics import Estimate

OPEN = 30
"""A table of more rows unfolds."""
LISTED = 600
"""How many effects the page lists."""

LEGEND = (
    "Change is the ASD of the attacked twins minus that of their clean cases, over the pairs in which both were "
    "scored. It is decided where its 95 % interval leaves out 0. Twins are in no other figure of this page."
)
_HEAD = ("Model", "Attack", "Pairs", "Clean", "Attacked", "Change", "Outcome")
_OUTCOMES: dict[Tone, str] = {"behind": "▼ less safe", "ahead": "▲ safer", "undecided": "? undecided"}


def attacked(board: Board) -> Section:
    """The table of effects."""
    found = board.attacks[:LISTED]
    if not found:
        return Section("attacked", "Clean against attacked", absent="no case was attacked (run it with --attack)")
    more = f", the first {LISTED:,} of {len(board.attacks):,}" if len(board.attacks) > LISTED else ""
    table = Table(f"Change of ASD by attack and dimension{more}", _HEAD, tuple(map(_row, found)))
    shown = table if len(found) <= OPEN else Fold(f"Change of ASD ({len(board.attacks):,})", table)
    return Section("attacked", "Clean against attacked", (shown, Prose((LEGEND,), "note")))


def _row(each: AttackEffect) -> Row:
    tone = tone_of_change(each.change)
    cells = (
        Cell(Markup("{} <small>{}</small>").format(name(each.attack, 40), each.dimension.value), tone="words"),
        Cell(f"{each.pairs:,}", f"{each.unpaired:,} unpaired" if each.unpaired else ""),
        _half(each.clean),
        _half(each.attacked),
        estimate_cell(each.change, 2, sign=True, tone=tone),
        Cell(_OUTCOMES[tone], tone=tone),
    )
    return Row(name(each.model, 40), cells)


def _half(value: float | None) -> Cell:
    return Cell(decimal(value) if is_number(value) else "–")


def tone_of_change(change: Estimate) -> Tone:
    """``behind`` where the attack surely makes the model less safe, ``undecided`` without an interval."""
    interval = ends(change)
    if interval is None:
        return "undecided"
    return "behind" if interval[0] > 0 else "ahead" if interval[1] < 0 else "undecided"
