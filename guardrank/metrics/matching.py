"""Bringing the two halves of each pair together, and the codes that answers are compared by.

    rows (pair, role, answer, right) in any order -> aligned arrays: first answers, second answers, right ones

A half that came twice is never overwritten: its pair is left out, and marked as repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guardrank.dimensions import NOISE_CONSISTENCY, POSITION_SWAPPING

Codes: TypeAlias = NDArray[np.int8]
Answers: TypeAlias = Sequence[str | None] | Codes

MISSING, UNREADABLE, NO_OPTION = -2, -1, 0
"""Codes of answers that are no option; A is 1, B is 2, and so on."""

IS_SECOND = {
    NOISE_CONSISTENCY: {"clean": False, "noisy": True},
    POSITION_SWAPPING: {"first": False, "swapped": True},
}
"""The roles of each pair subtask: which half is the second one."""

_IS_SECOND = {role: second for roles in IS_SECOND.values() for role, second in roles.items()}
_WORDS = {"": MISSING, "UNREADABLE": UNREADABLE, "NONE": NO_OPTION, "NO ANSWER": NO_OPTION}


class Half(NamedTuple):
    """One answer of a pair; ``role`` is ``clean``, ``noisy``, ``first`` or ``swapped``."""

    pair: str
    role: str
    answer: str | None
    right: str | None = None


class MatchedPairs(NamedTuple):
    """Halves brought together, five arrays of one entry a pair.

    ``first`` (clean or first), ``second`` (noisy or swapped) and ``right`` hold answer codes, MISSING where
    there is none; both halves of a ``repeated`` pair are MISSING, as nobody can tell which one was meant.
    """

    pairs: NDArray[Any]
    first: Codes
    second: Codes
    right: Codes
    repeated: NDArray[np.bool_]


def answer_code(answer: str | None) -> int:
    """``A`` -> 1, ``B`` -> 2, ``none`` -> 0, ``unreadable`` -> -1, None -> -2, in any case.

    Raises:
        ValueError: anything else.
    """
    name = (answer or "").strip().upper()
    if name in _WORDS:
        return _WORDS[name]
    if len(name) == 1 and "A" <= name <= "Z":
        return ord(name) - ord("A") + 1
    raise ValueError(f"an answer is an option letter, 'none' or 'unreadable', not {answer!r}")


def answer_codes(answers: Answers) -> Codes:
    """The codes of ``answers``; an array is taken to hold codes already."""
    if isinstance(answers, np.ndarray):
        return answers.astype(np.int8, copy=False)
    return np.array([answer_code(answer) for answer in answers], np.int8)


def match_pairs(halves: Iterable[Half]) -> MatchedPairs:
    """Halves in any order -> the pairs, in the order in which they first appear.

    Raises:
        ValueError: an unknown role or answer.
    """
    rows = list(halves)
    unknown = {row.role for row in rows} - _IS_SECOND.keys()
    if unknown:
        raise ValueError(f"unknown role {min(unknown)!r}: it must be one of {', '.join(_IS_SECOND)}")
    number: dict[str, int] = {}
    matched = align(
        np.array([number.setdefault(row.pair, len(number)) for row in rows], np.int64),
        np.array([_IS_SECOND[row.role] for row in rows], np.bool_),
        answer_codes([row.answer for row in rows]),
        answer_codes([row.right for row in rows]),
    )
    return matched._replace(pairs=np.array(list(number), dtype=object))


def align(keys: NDArray[np.int64], is_second: NDArray[np.bool_], answers: Codes, right: Codes) -> MatchedPairs:
    """``match_pairs`` for arrays of one entry a half: pair key, role, codes of the answer and the right one.

    The right answer may stand with either half; halves that contradict each other leave the pair without.
    """
    pairs, place = np.unique(keys, return_inverse=True)
    side = is_second.astype(np.int64)
    times = np.bincount(side * pairs.size + place, minlength=2 * pairs.size).reshape(2, pairs.size)
    repeated = times.max(axis=0, initial=0) > 1
    given, truth = (np.full((2, pairs.size), MISSING, np.int8) for _ in range(2))
    given[side, place] = answers
    truth[side, place] = right
    given[:, repeated] = MISSING
    contradicted = (truth[0] != truth[1]) & (truth > MISSING).all(axis=0)
    agreed = np.where(contradicted, MISSING, truth.max(axis=0)).astype(np.int8)
    return MatchedPairs(pairs, given[0], given[1], agreed, repeated)
