"""Twins: for each case and each attack that fits it, the case as the attack makes it harder.

    case ──attack──> case (pair) + CASE~ATTACK (pair, attack, transform with a seed of its own)

A twin is told by what is done to it, not by what comes out: the images are changed when it is asked, with the
seed that the twin holds. Attacks on the text alone write the new prompt into the twin (``rewrites_case``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from guardrank.benchmark.case import Case, Transform
from guardrank.benchmark.redteam.base import Attack, CannotAttackError, find_attack, transform_seed
from guardrank.dimensions import PAIR_SUBTASKS
from guardrank.errors import UsageError
from guardrank.metrics.matching import IS_SECOND

_SECOND = {role for roles in IS_SECOND.values() for role, second in roles.items() if second}


class AttackedCases(NamedTuple):
    """All cases, each followed by its twins.

    Attributes:
        unfit: for each attack, by name, how many cases it did not fit; twins of the sheet are not counted.
    """

    cases: list[Case]
    unfit: dict[str, int]


def attacked_twins(
    cases: Sequence[Case], attacks: Sequence[tuple[str, float | None]], *, seed: int
) -> AttackedCases:
    """``cases`` in their order, each followed by a twin for every attack that fits, in the attacks' order.

    A case of a pair task gets a twin only of an attack of that task, and one alone, as a pair has two halves: the
    first that fits makes them. All other twins have no role: a judge scores both.

    Args:
        attacks: names and strengths; None takes the attack's own.
        seed: of the run; each twin's own seed is made of it, the attack and the case's id.

    Raises:
        UsageError: an attack is not known, or named twice.
    """
    chosen = _chosen(attacks)
    unfit = dict.fromkeys((attack.name for attack, _ in chosen), 0)
    every: list[Case] = []
    for case in cases:
        if is_twin(case):
            every.append(case)
            continue
        clean, twins = case, []
        for attack, strength in chosen:
            twin = _twin(clean, attack, strength, seed)
            if twin is None:
                unfit[attack.name] += 1
                continue
            clean, twin = _with_roles(clean, twin, attack)
            twins.append(twin)
        if twins:
            clean = clean.model_copy(update={"pair": twins[0].pair})
        every += [clean, *twins]
    return AttackedCases(every, unfit)


def is_twin(case: Case) -> bool:
    """Whether ``case`` was made from another one, by an attack here or by those who wrote its sheet."""
    return case.transform is not None or case.role in _SECOND


def parse_attack(text: str) -> tuple[str, float | None]:
    """``gaussian-noise=0.3`` -> the name and the strength; without ``=`` the strength is None.

    Raises:
        UsageError: no such attack, or a strength that is no number, not above 0, or beyond the attack's scale.
    """
    name, equals, number = (part.strip() for part in text.partition("="))
    attack = find_attack(name)
    if not equals:
        return name, None
    try:
        strength = float(number)
    except ValueError:
        strength = math.nan
    if not (math.isfinite(strength) and 0 < strength <= attack.most):
        bound = f" and at most {attack.most:g}" if math.isfinite(attack.most) else ""
        raise UsageError(
            f"attack {text!r}: the strength must be a number above 0{bound}, as in {name}={attack.strength:g}"
        )
    return name, strength


def _chosen(attacks: Sequence[tuple[str, float | None]]) -> list[tuple[Attack, float]]:
    names = [name for name, _ in attacks]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"attack {min(repeated)} is named twice: a run takes each attack once")
    found = [(find_attack(name), strength) for name, strength in attacks]
    return [(attack, attack.strength if strength is None else strength) for attack, strength in found]


def _twin(case: Case, attack: Attack, strength: float, seed: int) -> Case | None:
    """The twin, without a role; None where the attack does not fit."""
    if case.subtask in PAIR_SUBTASKS and (case.role is not None or case.subtask != attack.subtask):
        return None
    if not attack.needs(case):
        return None
    try:
        base = attack.rewrites_case(case) if attack.rewrites_case else case
    except CannotAttackError:
        return None
    changes = {
        "id": f"{case.id}~{attack.name}",
        "pair": case.pair or case.id,
        "attack": attack.name,
        "role": None,
        "transform": Transform(
            name=attack.name, strength=strength, seed=transform_seed(seed, attack.name, case.id)
        ),
    }
    return base.model_copy(update=changes)


def _with_roles(clean: Case, twin: Case, attack: Attack) -> tuple[Case, Case]:
    """Both as halves of the attack's pair task, if it is the case's."""
    if attack.roles is None or clean.subtask != attack.subtask:
        return clean, twin
    first, second = attack.roles
    return clean.model_copy(update={"role": first}), twin.model_copy(update={"role": second})
