"""What an attack is: a function from one way to ask to a harder one, found by its name.

    Shown (prompt, images, options, answer) ──attack(shown, strength, generator)──> Shown   when it is asked
    Case  ──attack.rewrites_case(case)──> Case            when the twin is made: text only, nothing left to do

Packages add their own by the entry point ``guardrank.attacks``; the built-in ones are registered the same way.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import numpy as np

from guardrank.benchmark.case import Case, Transform
from guardrank.errors import UsageError
from guardrank.records import Role

if TYPE_CHECKING:
    from PIL.Image import Image

ATTACKS_GROUP = "guardrank.attacks"


class CannotAttackError(Exception):
    """The attack does not fit this case; its text is a slug that says why, such as ``no_options``."""


@dataclass(frozen=True)
class Shown:
    """What a model gets to see of a case; ``options`` and ``answer`` it does not, they follow what is asked.

    Attributes:
        images: decoded, RGB.
        lang: of the prompt.
    """

    prompt: str
    images: tuple[Image, ...] = ()
    options: dict[str, str] | None = None
    answer: str | None = None
    lang: str | None = None


@dataclass(frozen=True)
class Attack:
    """An attack as an entry point gives it.

    Attributes:
        name: a slug.
        apply: raises CannotAttackError where it does not fit; the generator is its only source of chance.
        strength: unless the user says another; above 0.
        needs: what a case must have for it, checked before anything is run.
        subtask: the pair task that clean case and twin make up; None for attacks that a judge scores.
        roles: of the clean case and the twin in that task.
        most: the largest strength that means anything.
        rewrites_case: for attacks on the text alone that change what is right, such as the order of options:
            makes the twin's prompt, options and answer once, when the twin is made, so that the case says
            what was asked. Its ``apply`` is ``already_done``, and the twin's transform is a mere record.
            Raises CannotAttackError where the attack does not fit.
    """

    name: str
    apply: Callable[[Shown, float, np.random.Generator], Shown] = field(repr=False)
    strength: float
    needs: Callable[[Case], bool] = field(repr=False)
    subtask: str | None = None
    roles: tuple[Role, Role] | None = None
    most: float = math.inf
    rewrites_case: Callable[[Case], Case] | None = field(default=None, repr=False)


def already_done(shown: Shown, _strength: float, _generator: np.random.Generator) -> Shown:
    """``shown`` as it is: the ``apply`` of attacks that have rewritten the case itself."""
    return shown


def has_images(case: Case) -> bool:
    """The ``needs`` of attacks on images."""
    return bool(case.images)


@cache
def find_attack(name: str) -> Attack:
    """The attack called ``name``; raises UsageError that lists them all."""
    found = {entry.name: entry for entry in entry_points(group=ATTACKS_GROUP)}
    if name not in found:
        raise UsageError(f"no attack {name!r}: take one of {', '.join(sorted(found))}")
    attack = found[name].load()
    if not isinstance(attack, Attack):
        raise UsageError(f"the entry point {name} of {ATTACKS_GROUP} is no Attack: its package is at fault")
    return attack


def transform_seed(seed: int, attack: str, case: str) -> int:
    """A seed of its own for each case and attack, whatever other cases there are."""
    return int.from_bytes(hashlib.sha256(f"{seed}\n{attack}\n{case}".encode()).digest()[:4], "big")


def apply_transform(shown: Shown, transform: Transform) -> Shown:
    """``shown`` after the transform; raises CannotAttackError where it does not fit."""
    attack = find_attack(transform.name)
    return attack.apply(shown, transform.strength, np.random.default_rng(transform.seed))
