"""Images for models that see: local files below one folder, checked before they are read, as data URLs."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from guardrank.llm_judge.failures import IMAGE_MISSING, IMAGE_OUTSIDE, IMAGE_TOO_LARGE, IMAGE_TYPE

MAX_IMAGE_BYTES = 10 * 1024 * 1024
"""A larger file is not sent."""

_SIGNATURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
"""``https://``, ``data:``, ``file:``; a drive letter is shorter."""


class ImageError(Exception):
    """An image that is not sent; its text is the slug that says why."""


def data_url(folder: Path, name: str) -> str:
    """The image ``name`` in ``folder`` as ``data:image/png;base64,...``; what it is, its first bytes say.

    Raises:
        ImageError: it is no image file that lies in the folder, links followed, or it is too large.
    """
    path = inside(folder, name)
    with path.open("rb") as stream:
        content = stream.read(MAX_IMAGE_BYTES + 1)
    if len(content) > MAX_IMAGE_BYTES:
        raise ImageError(IMAGE_TOO_LARGE)
    for kind, signature in _SIGNATURES.items():
        if signature.match(content):
            return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
    raise ImageError(IMAGE_TYPE)


def inside(folder: Path, name: str) -> Path:
    """The file ``name`` in ``folder``, links followed; raises ImageError unless it is a file below it."""
    if _ADDRESS.match(name):
        raise ImageError(IMAGE_OUTSIDE)
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        is_there = path.is_file()
    except (OSError, ValueError, RuntimeError):  # a null character, a loop of links, a name too long
        raise ImageError(IMAGE_MISSING) from None
    if not path.is_relative_to(root):
        raise ImageError(IMAGE_OUTSIDE)
    if not is_there:
        raise ImageError(IMAGE_MISSING)
    return path
