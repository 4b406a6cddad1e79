"""Cases from the Hugging Face hub: rows as any file's, images written into the cache under the hash of their bytes.

owner/name[@split] ──stream──> {"image": {"bytes": ...}, ...} ──> CACHE/tasks/owner--name@split/HASH.png
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from guardrank.annotations.hub import read_hub
from guardrank.annotations.parquet import plain
from guardrank.records import RawRow

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(@[\w.-]+)?")
_KINDS = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif", b"RIFF": ".webp", b"BM": ".bmp"}


def is_hub_id(text: str) -> bool:
    """Whether ``text`` has the form ``owner/name[@split]``."""
    return _HUB_ID.fullmatch(text) is not None


def hub_folder(name: str) -> Path:
    """Where the images of ``owner/name[@split]`` are kept."""
    root = os.environ.get("XDG_CACHE_HOME")
    cache = (Path(root) if root else Path.home() / ".cache") / "guardrank" / "tasks"
    return cache / name.replace("/", "--")


def read_hub_rows(name: str, folder: Path) -> Iterator[RawRow]:
    """Rows of the data set, each image replaced by its name in ``folder``, where it is written to.

    Raises:
        GuardRankError: the hub cannot be reached, or the data set cannot be read.
        UsageError: there is no such split.
        MissingExtraError: datasets is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return read_hub(name, partial(_fields, folder))


def _fields(folder: Path, row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: plain(_kept(cell, folder)) for column, cell in row.items()}


def _kept(cell: Any, folder: Path) -> Any:
    if isinstance(cell, list):
        return [_kept(one, folder) for one in cell]
    if not (isinstance(cell, dict) and isinstance(cell.get("bytes"), bytes)):
        return cell
    content = cell["bytes"]
    ending = next((ending for start, ending in _KINDS.items() if content.startswith(start)), ".bin")
    file = folder / f"{hashlib.sha256(content).hexdigest()}{ending}"
    if not file.exists():
        draft = file.with_suffix(".tmp")
        draft.write_bytes(content)
        draft.replace(file)
    return file.name
