"""Names of images in one folder: found as written, else by the only name that differs in case alone.

sheet says   0146.JPG         folder has   0146.jpg         -> 0146.jpg, and a note
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from guardrank.benchmark.tasks.base import file_names


class ImageNames:
    """The images in ``folder``, and which of them were asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = set(file_names(folder))
        self._by_fold: defaultdict[str, list[str]] = defaultdict(list)
        for name in self._names:
            self._by_fold[name.casefold()].append(name)
        self._used: set[str] = set()

    def find(self, name: str) -> str:
        """``name`` as the folder spells it; as it is where there is no such file, or several."""
        if name not in self._names:
            alike = self._by_fold.get(name.casefold(), [])
            name = alike[0] if len(alike) == 1 else name
        self._used.add(name)
        return name

    def has(self, name: str) -> bool:
        """Whether there is a file of exactly this name."""
        return name in self._names

    def unused(self) -> list[str]:
        """Names that nobody asked for."""
        return sorted(self._names - self._used)
