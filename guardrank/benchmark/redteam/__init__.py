"""Red team as code: attacks that make a harder twin of a case, seeded and done again at will."""

from guardrank.benchmark.redteam.base import (
    Attack,
    CannotAttackError,
    Shown,
    apply_transform,
    find_attack,
    transform_seed,
)

__all__ = ["Attack", "CannotAttackError", "Shown", "apply_transform", "find_attack", "transform_seed"]
