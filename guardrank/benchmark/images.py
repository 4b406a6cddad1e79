"""Images of task folders: the one place where they are opened, within bounds.

    name ──below the folder, links followed?──> bytes ──few enough? of a kind we read?──> header
         ──few enough pixels?──> decoded, in RGB

Whatever is wrong is an ImageError with a slug; nothing is fetched from anywhere unless the user allows it.
"""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from guardrank.benchmark.image_urls import fetch, is_url
from guardrank.errors import MissingExtraError
from guardrank.llm_judge.failures import IMAGE_MISSING, IMAGE_OUTSIDE, IMAGE_TOO_LARGE, IMAGE_TYPE
from guardrank.llm_judge.images import ImageError, inside

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
IMAGE_DAMAGED = "image_damaged"
"""The file begins like an image and cannot be decoded to its end."""
IMAGE_TOO_MANY_PIXELS = "image_too_many_pixels"
"""Decoded, it would take more memory than an image of a benchmark should."""

_OPENING = threading.Lock()
"""Filters of warnings belong to the process: two threads that change them at once may leave them changed."""


@dataclass(frozen=True)
class ImageLimits:
    """What an image may have: bytes on disk, pixels decoded (50 million take 150 MB)."""

    most_bytes: int = 20 * 1024 * 1024
    most_pixels: int = 50_000_000


@dataclass(frozen=True)
class ImageFolder:
    """Opens images below ``root`` and nowhere else; with ``allow_urls`` those on the web as well."""

    root: Path
    limits: ImageLimits = ImageLimits()
    allow_urls: bool = False

    def read(self, name: str) -> bytes:
        """The file's bytes.

        Raises:
            ImageError: it is not there, not below the folder, not to be reached, or too large.
        """
        if self.allow_urls and is_url(name):
            content = fetch(name, self.limits.most_bytes)
            if len(content) > self.limits.most_bytes:  # kept by a run with a larger limit
                raise ImageError(IMAGE_TOO_LARGE)
            return content
        if ".." in PurePosixPath(name).parts:  # even where it would lead back in
            raise ImageError(IMAGE_OUTSIDE)
        try:
            with inside(self.root, name).open("rb") as stream:
                content = stream.read(self.limits.most_bytes + 1)
        except OSError:  # no right to read it, or the disk fails
            raise ImageError(IMAGE_MISSING) from None
        if len(content) > self.limits.most_bytes:
            raise ImageError(IMAGE_TOO_LARGE)
        return content

    def sha256(self, name: str) -> str | None:
        """The hash of the file; None where it cannot be read."""
        try:
            return hashlib.sha256(self.read(name)).hexdigest()
        except ImageError:
            return None

    def open(self, name: str) -> Image:
        """The image, upright by its EXIF, in RGB; of an animation the first frame.

        Raises:
            ImageError: as ``read``, or it is of no known kind, has too many pixels or is damaged.
        """
        return decode(self.read(name), self.limits)


def decode(content: bytes, limits: ImageLimits) -> Image:
    """The image in ``content``; raises ImageError as ``ImageFolder.open``."""
    pillow = require_pillow()
    try:
        with _OPENING, warnings.catch_warnings():
            warnings.simplefilter("ignore", pillow.DecompressionBombWarning)  # our own bound is checked below
            image = pillow.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > limits.most_pixels:
            raise ImageError(IMAGE_TOO_MANY_PIXELS)
        return _upright(image)
    except pillow.UnidentifiedImageError:
        raise ImageError(IMAGE_TYPE) from None
    except pillow.DecompressionBombError:
        raise ImageError(IMAGE_TOO_MANY_PIXELS) from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, MemoryError):  # what Pillow's decoders raise
        raise ImageError(IMAGE_DAMAGED) from None


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    image.load()
    turned = ImageOps.exif_transpose(image)
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        return _on_white(turned.convert("RGBA"))
    return turned.convert("RGB")


def _on_white(image: Image) -> Image:
    """Transparent text drawn on nothing is meant to be read on paper."""
    pillow = require_pillow()
    page = pillow.new("RGBA", image.size, "white")
    flat: Image = pillow.alpha_composite(page, image).convert("RGB")
    return flat


def require_pillow() -> Any:
    """Pillow's ``Image`` module; raises MissingExtraError without it."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("reading images", "bench") from None
    return Image
