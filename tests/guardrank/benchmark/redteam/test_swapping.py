from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from guardrank.benchmark.case import Case
from guardrank.benchmark.redteam import CannotAttackError, Shown
from guardrank.benchmark.redteam.swapping import (
    SWAP_IMAGES,
    SWAP_OPTIONS,
    swap_halves,
    swap_images,
    swap_options,
    swap_options_of,
)

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("prompt", "swapped"),
    [
        (
            "What animal is this, an otter or a beaver? (Please answer with the option) A. otter B. beaver",
            "What animal is this, an otter or a beaver? (Please answer with the option) A. beaver B. otter",
        ),
        (
            "这个是什么动物，猫还是狗？（请用选项回答）A. 猫 B. 狗。",
            "这个是什么动物，猫还是狗？（请用选项回答）A. 狗 B. 猫。",
        ),
        ("这是什么？Ａ．猫\u3000Ｂ．狗", "这是什么？Ａ．狗\u3000Ｂ．猫"),
        ("这是什么？A、ＡＢＣ牌；B、狗", "这是什么？A、狗；B、ＡＢＣ牌"),
        ("（A）猫（B）狗", "（A）狗（B）猫"),
        ("Which one? (A) cat (B) dog", "Which one? (A) dog (B) cat"),
        ("Which one?\r\nA)  a cat\r\nB)\ta dog\r\nBye.", "Which one?\r\nA)  a dog\r\nB)\ta cat\r\nBye."),
        ("Which one? A: cat; B: dog", "Which one? A: dog; B: cat"),
        ("A. cat (big) B. dog", "A. dog B. cat (big)"),
        ("A. [old] cat B. dog", "A. dog B. [old] cat"),
        ("A. red B. brown C. blue", "A. blue B. red C. brown"),
        ("Example: A. red B. blue. Now: A. cat B. dog", "Example: A. red B. blue. Now: A. dog B. cat"),
        ("A. cafe\u0301s B. ba\u0301r", "A. ba\u0301r B. cafe\u0301s"),
    ],
)
def test_the_texts_move_and_all_else_stays(prompt: str, swapped: str) -> None:
    assert swap_options(prompt)[0] == swapped


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("What is this?", "no_options"),
        ("A. cat", "no_options"),
        ("A. cat B. dog ... A. cat B. dog", "no_options"),  # which of the two lists?
        ("A. a cat; or not B. a dog", "no_options"),  # swapped, the last option would end at the semicolon
        ("A. ㈱ B. cat", "no_options"),  # the option is half of a character
        ("A. \u1100\u1161 B. cat", "no_options"),
        ("A. cat B. dog C. all of the above", "options_named"),
        ("A. cat B. dog C. both A and B", "options_named"),
        ("A. 猫 B. 狗 C. 以上都是", "options_named"),
        ("A. 猫 B. 狗 请用选项回答", "options_named"),
        ("A. cat B. dog, answer with the letter", "options_named"),
    ],
)
def test_options_that_cannot_be_swapped(prompt: str, reason: str) -> None:
    with pytest.raises(CannotAttackError, match=reason):
        swap_options(prompt)
    assert not SWAP_OPTIONS.needs(case(prompt=prompt))


_TEXTS = st.text(st.sampled_from("abxy 猫狗牛ａｂ（）()[],;.é-\u0301'"), min_size=1, max_size=12)


@given(
    st.sampled_from(["Which one? ", "哪一个？\n", "(x) ", ""]),
    st.sampled_from(
        [("A. ", " B. "), ("Ａ．", "\u3000Ｂ．"), ("(A) ", "\n(B) "), ("A、", "；B、"), ("A: ", "; B: ")]
    ),
    st.tuples(_TEXTS, _TEXTS),
    st.sampled_from(["", "。", "\nThanks.", ". Bye."]),
)
def test_swapping_two_options_twice_gives_the_prompt(
    before: str, labels: tuple[str, str], texts: tuple[str, str], after: str
) -> None:
    prompt = before + labels[0] + texts[0] + labels[1] + texts[1] + after
    try:
        swapped, moved = swap_options(prompt)
    except CannotAttackError:
        assume(False)
    assert swapped != prompt
    assert sorted(swapped) == sorted(prompt)
    assert moved == {"A": "B", "B": "A"}
    assert swap_options(swapped)[0] == prompt


def test_a_long_prompt_takes_no_longer() -> None:
    start = time.process_time()
    for unit in ("A. ", "猫 ", "(A. x ("):
        try:
            swap_options(unit * (200_000 // len(unit)) + "A. cat B. dog")
        except CannotAttackError:
            continue
    assert time.process_time() - start < 5


def case(**fields: Any) -> Case:
    plain = {"id": "t:1", "task": "t", "prompt": "Q? A. cat B. dog C. cow", "dimension": "truthfulness"}
    return Case.model_validate(plain | fields)


@pytest.mark.parametrize(("before", "after"), [("A", "B"), ("B", "C"), ("c", "A"), (None, None), ("cat", "cat")])
def test_options_and_answer_follow(before: str | None, after: str | None) -> None:
    swapped = swap_options_of(case(options={"A": "Cat", "B": "dog", "C": "cow."}, answer=before))
    assert swapped.prompt == "Q? A. cow B. cat C. dog"
    assert swapped.options == {"A": "cow.", "B": "Cat", "C": "dog"}
    assert swapped.answer == after


def test_what_the_case_does_not_say_stays_unsaid() -> None:
    swapped = swap_options_of(case())
    assert (swapped.options, swapped.answer, swapped.reference) == (None, None, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("B. dog", "C. dog"),
        ("(A) cat", "(B) cat"),
        ("C", "A"),
        ("A cat on a mat.", "A cat on a mat."),
        ("a cow", "a cow"),
    ],
)
def test_the_reference_follows(before: str, after: str) -> None:
    assert swap_options_of(case(reference=before)).reference == after


@pytest.mark.parametrize("reference", ["B. cat", "It is B, as it barks.", "选B。", "Ｂ．dog"])
def test_a_reference_that_cannot_follow(reference: str) -> None:
    with pytest.raises(CannotAttackError, match="options_named"):
        swap_options_of(case(reference=reference))


@pytest.mark.parametrize("options", [{"A": "cat", "B": "dog"}, {"A": "cat", "B": "cow", "C": "dog"}])
def test_other_options_than_the_prompt_s(options: dict[str, str]) -> None:
    with pytest.raises(CannotAttackError, match="no_options"):
        swap_options_of(case(options=options))


def test_the_work_is_done_before_the_case_is_asked() -> None:
    shown = Shown("Q? A. cow B. cat C. dog")
    assert SWAP_OPTIONS.apply(shown, 1.0, RANDOM) is shown
    assert SWAP_OPTIONS.rewrites_case is swap_options_of


def numbered(width: int, height: int) -> Image.Image:
    """Each pixel's red is its column, its green its row."""
    down, across = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([across, down, 0 * down], -1).astype(np.uint8))


def columns(image: Image.Image) -> list[int]:
    return [int(value) for value in np.asarray(image)[0, :, 0]]


def rows(image: Image.Image) -> list[int]:
    return [int(value) for value in np.asarray(image)[:, 0, 1]]


def test_several_images_are_shown_in_reversed_order() -> None:
    images = tuple(Image.new("RGB", (2, 2), (n, n, n)) for n in range(3))
    assert swap_images(Shown("?", images), 1.0, RANDOM).images == images[::-1]


def test_halves_of_one_image() -> None:
    image = numbered(4, 3)
    (wide,) = swap_images(Shown("?", (image,)), 1.0, RANDOM).images
    assert (columns(wide), rows(wide)) == ([2, 3, 0, 1], [0, 1, 2])
    assert columns(image) == [0, 1, 2, 3]
    assert columns(swap_halves(numbered(4, 4))) == [2, 3, 0, 1]
    tall = swap_halves(numbered(3, 5))
    assert (columns(tall), rows(tall)) == ([0, 1, 2], [3, 4, 2, 0, 1])


@given(st.integers(1, 9), st.integers(1, 9))
def test_halves_swapped_twice_are_the_image(width: int, height: int) -> None:
    assume(max(width, height) > 1)
    image = numbered(width, height)
    assert swap_halves(image).tobytes() != image.tobytes()
    assert swap_halves(swap_halves(image)).tobytes() == image.tobytes()


def test_images_that_cannot_be_swapped() -> None:
    with pytest.raises(CannotAttackError, match="no_images"):
        swap_images(Shown("?"), 1.0, RANDOM)
    with pytest.raises(CannotAttackError, match="image_too_small"):
        swap_halves(numbered(1, 1))
    assert not SWAP_IMAGES.needs(case())
    assert SWAP_IMAGES.needs(case(images=["1.png"]))
