"""Images that lie elsewhere, fetched only where the user allows it, and once: the cache keeps the bytes.

https://... ──cached?──> bytes
            ──GET, at most so many bytes, few redirects, no cookies──> cache ──> bytes
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from time import monotonic

from guardrank.errors import MissingExtraError
from guardrank.llm_judge.failures import IMAGE_TOO_LARGE
from guardrank.llm_judge.images import ImageError

IMAGE_UNREACHABLE = "image_unreachable"
"""The address gave no image file in time."""
SECONDS = 30.0
"""Of silence, and of the whole."""
MOST_REDIRECTS = 3


def is_url(name: str) -> bool:
    """Whether ``name`` is an address on the web."""
    return name.lower().startswith(("http://", "https://"))


def fetch(url: str, most_bytes: int) -> bytes:
    """The bytes at ``url``.

    Raises:
        ImageError: there is no answer, it is an error, or it is longer than ``most_bytes``.
        MissingExtraError: httpx is not installed.
    """
    kept = cache_folder() / hashlib.sha256(url.encode()).hexdigest()
    if kept.is_file():
        return kept.read_bytes()
    content = _get(url, most_bytes)
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_name(f"{kept.name}.{os.getpid()}.tmp")
    draft.write_bytes(content)
    draft.replace(kept)
    return content


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/guardrank/images``, by default below ``~/.cache``."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "guardrank" / "images"


def _get(url: str, most_bytes: int) -> bytes:
    try:
        import httpx
    except ImportError:
        raise MissingExtraError("fetching images", "bench") from None
    parts: list[bytes] = []
    size, until = 0, monotonic() + SECONDS
    try:
        with (
            httpx.Client(follow_redirects=True, max_redirects=MOST_REDIRECTS, timeout=SECONDS) as client,
            client.stream("GET", url) as response,
        ):
            response.raise_for_status()
            for part in response.iter_bytes():
                size += len(part)
                if monotonic() > until:  # a drop at a time is never silent
                    raise ImageError(IMAGE_UNREACHABLE)
                if size > most_bytes:
                    raise ImageError(IMAGE_TOO_LARGE)
                parts.append(part)
    except (httpx.HTTPError, httpx.InvalidURL):
        raise ImageError(IMAGE_UNREACHABLE) from None
    return b"".join(parts)
