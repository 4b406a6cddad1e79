"""Contender: one way to score texts with the shape's model.

``build`` writes what the contender needs beyond the model's own files, once a run; a new object is the loaded
model; ``logits`` is what the clock sees, from rendered texts to logits, tokenising included.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from throughput_rows import Row

Logits = NDArray[np.float32]
Setting = dict[str, Any]
"""What a contender may be run with: batch size, streams and so on."""


@dataclass(frozen=True)
class Place:
    """A shape's folder, and the threads that a contender may use."""

    folder: Path
    threads: int

    @property
    def model(self) -> Path:
        """The transformers model with its tokenizer."""
        return self.folder / "model"

    @property
    def judge(self) -> Path:
        """The judge folder around the same weights."""
        return self.folder / "judge"

    def once(self, name: str, make: Callable[[Path], object]) -> Path:
        """The folder ``name``; where it is missing, ``make`` fills it. It is there whole or not at all."""
        folder, draft = self.folder / name, self.folder / f"{name}-draft"
        if not folder.exists():
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            make(draft)
            draft.rename(folder)
        return folder


class Contender(ABC):
    """One way to score.

    Attributes:
        packages: what its figures depend on.
        choices: settings to try; the fastest is kept.
        note: what a reader must know beside the figures.
    """

    packages: ClassVar[tuple[str, ...]]
    choices: ClassVar[tuple[Setting, ...]] = ({},)
    note: ClassVar[str] = ""

    @abstractmethod
    def __init__(self, place: Place, setting: Setting) -> None:
        """Load the model."""

    @classmethod  # noqa: B027 (not abstract: most need nothing)
    def build(cls, place: Place) -> None:
        """Write what ``__init__`` loads."""

    @abstractmethod
    def logits(self, rows: Sequence[Row]) -> Logits:
        """Logits of shape (rows, width), in order."""


def describe_setting(setting: Setting) -> str:
    """``batch 8, 2 streams`` and the like."""
    return ", ".join(f"{key} {value}" for key, value in setting.items())
