"""Ids and pairs of imported rows, the same that ``tasks`` gives to the cases of the task folders.

    noise-injection/imgs/0090.jpg         noise-injection:0090:3fa2c17b         pair ...:3fa2c17b, clean
    noise-injection/imgs/0090_noise.jpg   noise-injection:0090:3fa2c17b~noisy   pair ...:3fa2c17b, noisy

So the rows of several models, and of runs of our own, are rows of the same cases.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from guardrank.annotations.pairing import Pairing, clean_image
from guardrank.annotations.task_sheets import TaskCase
from guardrank.benchmark.case import case_id
from guardrank.dimensions import NOISE_CONSISTENCY, POSITION_SWAPPING
from guardrank.records import Role


class Twins:
    """Names the rows of one file, in their order."""

    def __init__(self) -> None:
        self._pairing = Pairing("")
        self._firsts: dict[str, str] = {}

    def gap(self) -> None:
        """A row that could not be read stood here."""
        self._pairing.gap()

    def fields(
        self, task: str, images: tuple[str, ...], prompt: str, subtask: str | None, known: TaskCase | None
    ) -> dict[str, Any]:
        """``id`` of the case, and ``pair`` and ``role`` of a pair task's.

        Args:
            images: under the names that the task knows them by, or pairs cannot be found.
            known: the case in the task sheets.
        """
        half = self._half(images[0], prompt, subtask, known) if images else None
        if half is None:
            return {"id": case_id(task, images, prompt)}
        clean, role = half
        home = case_id(task, (clean, *images[1:]), prompt)
        return {"id": home if role in ("clean", "first") else f"{home}~{role}", "pair": home, "role": role}

    def _half(
        self, image: str, prompt: str, subtask: str | None, known: TaskCase | None
    ) -> tuple[str, Role] | None:
        """The path of the clean or first image, and the role of this one."""
        path = PurePosixPath(image)
        if subtask == NOISE_CONSISTENCY:
            clean = clean_image(path.name)
            return str(path.with_name(clean)), "clean" if path.name == clean else "noisy"
        if subtask != POSITION_SWAPPING:
            return None
        pair, role = self._pairing.position(path.name, prompt, known)
        if role == "first":
            self._firsts[pair] = path.name
        by_sheet = known.image if known and path.name == known.reverse_image else None
        return str(path.with_name(by_sheet or self._firsts.get(pair, path.name))), role
