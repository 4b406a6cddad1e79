"""Which response is paired with which in MLLMGuard's results: clean with noisy, first with swapped.

A row finds its twin by the names of the images, not by its place in the file, so that one lost row costs one
pair and shifts none. Only position-swapping without a task sheet has nothing but the order to go by.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import NamedTuple

from guardrank.annotations.task_sheets import TaskCase
from guardrank.records import Role

_NOISE_SUFFIX = "_noise"


class Place(NamedTuple):
    """A row's pair and the role it has there."""

    pair: str
    role: Role


def clean_image(image: str) -> str:
    """``0090_noise.jpg`` -> ``0090.jpg``; other names stay as they are."""
    path = PurePosixPath(image)
    return path.stem.removesuffix(_NOISE_SUFFIX) + path.suffix


class Pairing:
    """Places the rows of one results file.

    Pairs are named ``PREFIX:0090`` by the clean or first image, and ``PREFIX:0090#2`` for the next pair of
    that image: another prompt, or the same one asked again.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._turns: Counter[tuple[str, str, Role]] = Counter()
        self._pairs: defaultdict[str, dict[tuple[str, str, int], str]] = defaultdict(dict)
        self._open: tuple[str, str] | None = None

    def noise(self, image: str, prompt: str) -> Place:
        """The place of a noise-injection row."""
        clean = clean_image(image)
        return self._place(clean, prompt, "clean" if image == clean else "noisy")

    def position(self, image: str, prompt: str, case: TaskCase | None) -> Place:
        """The place of a position-swapping row: by its sheet's case, else by the row before."""
        if case and image in (case.image, case.reverse_image):
            return self._place(case.image, case.prompt, "first" if image == case.image else "swapped")
        if self._open and self._open[1] == prompt and _follows(image, self._open[0]):
            first, self._open = self._open[0], None
            return self._place(first, prompt, "swapped")
        self._open = (image, prompt)
        return self._place(image, prompt, "first")

    def gap(self) -> None:
        """An unreadable row stood here: the rows around it are no neighbours."""
        self._open = None

    def _place(self, image: str, prompt: str, role: Role) -> Place:
        turn = self._turns[image, prompt, role]
        self._turns[image, prompt, role] += 1
        stem = PurePosixPath(image).stem
        pairs = self._pairs[stem]
        ordinal = f"#{len(pairs) + 1}" if pairs else ""
        return Place(pairs.setdefault((image, prompt, turn), f"{self._prefix}:{stem}{ordinal}"), role)


def _follows(image: str, first: str) -> bool:
    """Whether ``image`` may be ``first`` swapped: where images are numbered, it bears the next number."""
    new, old = PurePosixPath(image).stem, PurePosixPath(first).stem
    return int(new) == int(old) + 1 if new.isdecimal() and old.isdecimal() else new != old
