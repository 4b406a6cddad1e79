"""Which dimension and subtask a name means: a category in any spelling, a task folder, a task's name in a harness.

    Privacy, PRIVACY            privacy
    Personal Privacy            privacy, personal-privacy
    mllmguard_noise_injection   truthfulness, noise-consistency

A name that means nothing is passed over; one that means two dimensions as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from guardrank.annotations.task_sheets import OLD_TASK_NAMES, TASK_SUBTASKS
from guardrank.benchmark.imports.values import name_of
from guardrank.dimensions import DIMENSION_OF_SUBTASK, Dimension


class Kind(NamedTuple):
    """A dimension, and the subtask as far as it is known."""

    dimension: Dimension
    subtask: str | None = None


def _task_kind(task: str) -> Kind:
    subtask = TASK_SUBTASKS[task]
    return Kind(Dimension.TRUTHFULNESS, subtask) if subtask else Kind(Dimension(task))


_INSIDE: Mapping[str, Kind] = MappingProxyType(
    {
        **{subtask: Kind(dimension, subtask) for subtask, dimension in DIMENSION_OF_SUBTASK.items()},
        **{task: _task_kind(task) for task in TASK_SUBTASKS},
        **{dimension.value: Kind(dimension) for dimension in Dimension},
    }
)
"""Names that may be part of a longer one."""
_ALONE = MappingProxyType({**{old: _task_kind(task) for old, task in OLD_TASK_NAMES.items()}, **_INSIDE})


def kind_of(names: Iterable[Any]) -> Kind | None:
    """What the first name that means something says, with the first subtask of its dimension; None if none does."""
    kinds = [kind for kind in map(read_kind, names) if kind]
    if not kinds:
        return None
    dimension = kinds[0].dimension
    subtasks = (kind.subtask for kind in kinds if kind.dimension is dimension and kind.subtask)
    return Kind(dimension, next(subtasks, None))


def read_kind(name: Any) -> Kind | None:
    """What ``name`` means; None for a name that means nothing, or several dimensions."""
    words = re.findall(r"[^\W_]+", (name_of(name) or "").lower().replace("&", " and "))
    slug = "-".join(words)
    if slug in _ALONE:
        return _ALONE[slug]
    inside = [kind for known, kind in _INSIDE.items() if f"-{known}-" in f"-{slug}-"]
    dimensions = {kind.dimension for kind in inside}
    subtasks = {kind.subtask for kind in inside if kind.subtask}
    if len(dimensions) != 1:
        return None
    return Kind(dimensions.pop(), subtasks.pop() if len(subtasks) == 1 else None)
