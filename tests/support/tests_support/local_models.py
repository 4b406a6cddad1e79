"""What local models are asked in tests, and the one sentence in which they fail."""

import numpy as np
import pytest
from PIL import Image

from guardrank.benchmark.models import Ask, ModelOptions
from guardrank.errors import GuardRankError

OPTIONS = ModelOptions(device="cpu", max_new_tokens=16)


def picture(seed: int) -> Image.Image:
    """Noise, of another size for each seed."""
    shape = (30 + 17 * (seed % 5), 100 - 11 * (seed % 4), 3)
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def ask(seed: int, images: int = 1) -> Ask:
    shown = tuple(picture(100 * seed + n) for n in range(images))
    return Ask(f"case-{seed}", "What do you see? " + "Say more. " * (seed % 4), shown)


def mixed() -> list[Ask]:
    return [ask(seed, images) for seed, images in enumerate([1, 0, 2, 1, 3, 0, 2, 1])]


def error_of(call, kind=GuardRankError) -> str:
    """The message of the error that ``call`` raises: one sentence of a sensible length."""
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text and 20 < len(text) < 400
    return text
