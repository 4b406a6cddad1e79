from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from guardrank.benchmark.case import Case, Transform
from guardrank.benchmark.redteam import CannotAttackError, Shown, apply_transform, find_attack
from guardrank.benchmark.redteam.noise import TOO_LARGE_FOR_JPEG

NAMES = ["gaussian-noise", "salt-and-pepper", "jpeg"]
SEEDED = NAMES[:2]


def photo(width: int = 90, height: int = 600) -> Image.Image:
    """Higher than the bands in which noise is laid on."""
    down, across = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([across % 256, down % 256, (across + down) % 256], -1).astype(np.uint8))


def attacked(name: str, strength: float, seed: int = 7, *images: Image.Image) -> tuple[Image.Image, ...]:
    shown = Shown("What is it?", images or (photo(),))
    return apply_transform(shown, Transform(name=name, strength=strength, seed=seed)).images


def distance(one: Image.Image, two: Image.Image) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(two, float)).mean())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    strength = find_attack(name).strength
    first, second = (attacked(name, strength)[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert (first.mode, first.size) == ("RGB", photo().size)


@pytest.mark.parametrize("name", SEEDED)
def test_another_seed_gives_another_image(name: str) -> None:
    assert attacked(name, 0.2, 7)[0].tobytes() != attacked(name, 0.2, 8)[0].tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_more_strength_is_more_noise(name: str) -> None:
    differences = [distance(photo(), attacked(name, strength)[0]) for strength in (0.001, 0.1, 0.4, 0.7, 1)]
    assert differences == sorted(differences)
    assert differences[0] < 2 < 10 < differences[-1]


def test_the_deviation_is_the_strength() -> None:
    grey = Image.new("RGB", (200, 600), (128, 128, 128))
    noise = np.asarray(attacked("gaussian-noise", 0.1, 3, grey)[0], float) - 128
    assert noise.std() == pytest.approx(25.5, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.3)
    first, second = noise[:256], noise[256:512]
    assert np.abs(first - second).mean() > 10  # each band has noise of its own


def test_noise_is_cut_off_at_black_and_white() -> None:
    image = np.asarray(attacked("gaussian-noise", 3)[0])
    assert (np.isin(image, (0, 255))).mean() > 0.8


@pytest.mark.parametrize("share", [0.05, 0.3, 1])
def test_the_share_of_salt_and_pepper(share: float) -> None:
    grey = Image.new("RGB", (300, 300), (90, 90, 90))
    pixels = np.asarray(attacked("salt-and-pepper", share, 3, grey)[0])
    white, black = (pixels == 255).all(-1).mean(), (pixels == 0).all(-1).mean()
    assert white == pytest.approx(share / 2, abs=0.01)
    assert black == pytest.approx(share / 2, abs=0.01)
    assert (pixels == 90).all(-1).mean() == pytest.approx(1 - white - black)


def test_jpeg_loses_something_and_has_no_chance_in_it() -> None:
    assert attacked("jpeg", 0.9, 1)[0].tobytes() == attacked("jpeg", 0.9, 2)[0].tobytes()
    assert distance(photo(), attacked("jpeg", 0.9)[0]) > 1


def test_what_no_jpeg_can_hold() -> None:
    with pytest.raises(CannotAttackError, match=TOO_LARGE_FOR_JPEG):
        attacked("jpeg", 0.9, 1, Image.new("RGB", (65_501, 1)))


@pytest.mark.parametrize("name", SEEDED)
def test_all_images_are_changed_and_the_request_is_not(name: str) -> None:
    shown = Shown("What is it?", (photo(), photo()), {"A": "cat", "B": "dog"}, "A", "en")
    after = find_attack(name).apply(shown, 0.2, np.random.default_rng(1))
    assert (after.prompt, after.options, after.answer, after.lang) == ("What is it?", shown.options, "A", "en")
    first, second = after.images
    assert first.tobytes() != second.tobytes()
    assert distance(photo(), first) > 1 < distance(photo(), second)
    assert shown.images[0].tobytes() == photo().tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_noise_needs_images(name: str) -> None:
    attack = find_attack(name)
    case = Case(id="t:1", task="t", prompt="?", dimension="truthfulness")
    assert not attack.needs(case)
    assert attack.needs(case.model_copy(update={"images": ("1.png",)}))
    with pytest.raises(CannotAttackError, match="no_images"):
        attack.apply(Shown("?"), 0.2, np.random.default_rng(1))
