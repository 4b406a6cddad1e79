"""Noise: the same request over images that are harder to see, and the answer should stay the same.

    image ──gaussian-noise, salt-and-pepper: pixels, a band of rows at a time──> image of the same size
          ──jpeg: through a poor JPEG and back──> image of the same size

All images of a case are changed, one after the other, from one generator.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guardrank.benchmark.redteam.base import Attack, CannotAttackError, Shown, has_images
from guardrank.dimensions import NOISE_CONSISTENCY

if TYPE_CHECKING:
    from PIL.Image import Image

NO_IMAGES = "no_images"
"""There is nothing to lay noise on."""
TOO_LARGE_FOR_JPEG = "too_large_for_jpeg"
"""A JPEG has at most 65,500 pixels a side."""

_BAND = 256  # rows: a large image is never whole in memory as floats
_JPEG_SIDE = 65_500
_BEST, _WORST = 95, 1  # JPEG qualities

_Pixels: TypeAlias = NDArray[np.uint8]
_Change: TypeAlias = Callable[["Image", float, np.random.Generator], "Image"]


def gaussian_noise(image: Image, strength: float, generator: np.random.Generator) -> Image:
    """``image`` with normal noise on every channel of every pixel, cut off at black and white.

    Args:
        strength: the standard deviation as a share of 255, above 0.
    """

    def noisy(band: _Pixels) -> _Pixels:
        noise = generator.standard_normal(band.shape, np.float32) * np.float32(255 * strength)
        return np.clip(np.rint(band + noise), 0, 255).astype(np.uint8)

    return _by_bands(image, noisy)


def salt_and_pepper(image: Image, strength: float, generator: np.random.Generator) -> Image:
    """``image`` with some pixels black and as many white.

    Args:
        strength: the share of pixels that are replaced, 0 to 1.
    """

    def noisy(band: _Pixels) -> _Pixels:
        drawn = generator.random(band.shape[:2], np.float32)
        band[drawn < strength] = 255
        band[drawn < strength / 2] = 0
        return band

    return _by_bands(image, noisy)


def poor_jpeg(image: Image, strength: float, _generator: np.random.Generator) -> Image:
    """``image`` as a JPEG of quality 95 (strength 0) to 1 (strength 1) shows it; there is no chance in it.

    Raises:
        CannotAttackError: a side is longer than a JPEG's may be.
    """
    from PIL.Image import open as open_image

    if max(image.size) > _JPEG_SIDE:
        raise CannotAttackError(TOO_LARGE_FOR_JPEG)
    quality = round(_BEST - (_BEST - _WORST) * min(max(strength, 0), 1))
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=quality, subsampling="4:2:0")
    poor: Image = open_image(packed, formats=("JPEG",)).convert("RGB")
    return poor


def _by_bands(image: Image, noisy: Callable[[_Pixels], _Pixels]) -> Image:
    from PIL.Image import fromarray

    pixels = np.array(image.convert("RGB"))
    for top in range(0, len(pixels), _BAND):
        pixels[top : top + _BAND] = noisy(pixels[top : top + _BAND])
    return fromarray(pixels)


def _on_all(change: _Change) -> Callable[[Shown, float, np.random.Generator], Shown]:
    def apply(shown: Shown, strength: float, generator: np.random.Generator) -> Shown:
        if not shown.images:
            raise CannotAttackError(NO_IMAGES)
        return replace(shown, images=tuple(change(image, strength, generator) for image in shown.images))

    return apply


def _attack(name: str, change: _Change, strength: float, most: float) -> Attack:
    return Attack(name, _on_all(change), strength, has_images, NOISE_CONSISTENCY, ("clean", "noisy"), most)


GAUSSIAN = _attack("gaussian-noise", gaussian_noise, strength=0.2, most=np.inf)
SALT_AND_PEPPER = _attack("salt-and-pepper", salt_and_pepper, strength=0.1, most=1)
JPEG = _attack("jpeg", poor_jpeg, strength=0.9, most=1)
