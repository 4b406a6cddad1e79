"""Looking for results in a folder of somebody else's: not too deep, not too far, and never out of it.

folder ──a few levels down──> names ──links followed: a file, and below the folder?──> may be opened
"""

from __future__ import annotations

from pathlib import Path

from guardrank.errors import UsageError


def is_below(path: Path, root: Path) -> bool:
    """Whether ``path``, links followed, is a file below ``root``."""
    try:
        return path.is_file() and path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # links in a circle
        return False


def files_below(root: Path, depth: int, most: int = 100_000) -> list[Path]:
    """The files in ``root`` and ``depth`` folders down, and links to files, the nearest first.

    Linked folders are not entered, and a folder that cannot be listed is passed over.

    Raises:
        UsageError: there are more than ``most``.
    """
    found: list[Path] = []
    level = [root]
    for _ in range(depth + 1):
        entries = [entry for folder in level for entry in _entries(folder)]
        level = [entry for entry in entries if _is_folder(entry) and not entry.is_symlink()]
        found += [entry for entry in entries if not _is_folder(entry)]
        if len(found) + len(level) > most:
            raise UsageError(f"{root} holds over {most:,} files: name the folder of the results themselves")
    return found


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
