"""Swapping: what stood first stands last, and the answer should follow the content, not the position.

    swap-options   "A. cat B. dog", answer A  ->  "A. dog B. cat", answer B      when the twin is made
    swap-images    [one, two] -> [two, one];  one image: its halves trade places when it is asked

A prompt is rewritten in place: all but the options' texts stays byte for byte. Of three or more options each
text moves to the next letter and the last one's to A, so that none keeps its letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from guardrank.benchmark.case import Case
from guardrank.benchmark.redteam.base import Attack, CannotAttackError, Shown, already_done, has_images
from guardrank.dimensions import POSITION_SWAPPING
from guardrank.metrics import parse_options

if TYPE_CHECKING:
    from PIL.Image import Image

NO_OPTIONS = "no_options"
"""The prompt lists none, or they cannot be found in it without doubt."""
OPTIONS_NAMED = "options_named"
"""An option or the reference speaks of the options, as "all of the above" and "B, answer with the letter" do."""
NO_IMAGES = "no_images"
"""There is nothing to swap."""
IMAGE_TOO_SMALL = "image_too_small"
"""An image of one pixel has no halves."""

_Span: TypeAlias = tuple[int, int]

_EDGES = " \t\r\n.,;:。，；、()[]\"'"
_BETWEEN = rf"[\s{re.escape(_EDGES)}]*"
_BRACKETS = (("(", ")"), ("[", "]"))
_LETTER_NAMED = r"(?<![A-Za-z])(?:[B-H](?![A-Za-z'])|A(?![A-Za-z']| [a-z]))"  # "A cat" names no option
_NAMES_OPTIONS = re.compile(rf"{_LETTER_NAMED}|(?i:\b(?:above|below)\b)|以上|上述|前者|后者")
_INSTRUCTS = re.compile(r"(?i:\b(?:answer|option|letter)s?\b)|选|回答|请")
_GOLD = re.compile(r"\s*[(\[（]?([A-H])(?:[.)\]:、．）：](.*))?", re.DOTALL)


def swap_options(prompt: str) -> tuple[str, dict[str, str]]:
    """``prompt`` with the options' texts moved, and each letter's new one: what stood at A stands at B.

    Raises:
        CannotAttackError: the prompt lists no options, or not without doubt, or one speaks of the others.
    """
    options = parse_options(prompt)
    if options is None:
        raise CannotAttackError(NO_OPTIONS)
    if any(_NAMES_OPTIONS.search(text) or _INSTRUCTS.search(text) for text in options.values()):
        raise CannotAttackError(OPTIONS_NAMED)
    spans = _spans(prompt, options)
    texts = _turned([prompt[start:stop] for start, stop in spans])
    swapped = _in_place(prompt, spans, texts)
    letters, expected = list(options), dict(zip(options, _turned(list(options.values())), strict=True))
    found = parse_options(swapped) == expected and [swapped[slice(*span)] for span in _spans(swapped, expected)]
    if found != texts:
        raise CannotAttackError(NO_OPTIONS)  # whoever reads the new prompt would find other options
    return swapped, dict(zip(letters, letters[1:] + letters[:1], strict=True))


def swap_options_of(case: Case) -> Case:
    """``case`` with its prompt's options moved; ``options``, ``answer`` and a reference "B. dog" follow.

    Raises:
        CannotAttackError: as ``swap_options``, or the case has other options than its prompt, or a reference
            that speaks of the letters in a way that cannot be followed.
    """
    prompt, moved = swap_options(case.prompt)
    listed = parse_options(case.prompt) or {}
    if case.options is not None and _compared(case.options) != _compared(listed):
        raise CannotAttackError(NO_OPTIONS)
    changes = {
        "prompt": prompt,
        "options": case.options and dict(zip(moved, _turned(list(case.options.values())), strict=True)),
        "answer": case.answer and moved.get(_folded(case.answer).strip().upper(), case.answer),
        "reference": case.reference and _follow(case.reference, listed, moved),
    }
    return case.model_copy(update=changes)


def swap_images(shown: Shown, _strength: float, _generator: np.random.Generator) -> Shown:
    """Several images in reversed order; of a single one the halves trade places.

    Raises:
        CannotAttackError: there is no image, or one of a single pixel.
    """
    if not shown.images:
        raise CannotAttackError(NO_IMAGES)
    images = shown.images[::-1] if len(shown.images) > 1 else (swap_halves(shown.images[0]),)
    return replace(shown, images=images)


def swap_halves(image: Image) -> Image:
    """Left and right trade places, or top and bottom if ``image`` is taller than wide; a middle line stays.

    Raises:
        CannotAttackError: the image has a single pixel.
    """
    width, height = image.size
    if max(width, height) < 2:
        raise CannotAttackError(IMAGE_TOO_SMALL)
    half = (width, height // 2) if height > width else (width // 2, height)
    second = (width - half[0], height - half[1])
    swapped = image.copy()
    swapped.paste(image.crop((*second, width, height)), (0, 0))
    swapped.paste(image.crop((0, 0, *half)), second)
    return swapped


def _turned(items: list[str]) -> list[str]:
    return items[-1:] + items[:-1]


def _in_place(prompt: str, spans: list[_Span], texts: list[str]) -> str:
    for (start, stop), text in reversed(list(zip(spans, texts, strict=True))):
        prompt = prompt[:start] + text + prompt[stop:]
    return prompt


def _spans(prompt: str, options: Mapping[str, str]) -> list[_Span]:
    """Where the options' texts stand in ``prompt``, which may write them in full width."""
    folded, places = _folded_with_places(prompt)
    listed = (rf"{letter}[.)\]:、]{_BETWEEN}({re.escape(text)})" for letter, text in options.items())
    found = list(re.finditer(r"(?<![A-Za-z0-9.])" + _BETWEEN.join(listed), folded))
    if len(found) != 1:
        raise CannotAttackError(NO_OPTIONS)
    spans = [_with_brackets(folded, found[0].span(number)) for number in range(1, len(options) + 1)]
    return [(places[start], places[stop]) for start, stop in spans]


def _with_brackets(text: str, span: _Span) -> _Span:
    """``parse_options`` cuts "cat (big)" down to "cat (big": a bracket goes where its other half goes."""
    start, stop = span
    for opening, closing in _BRACKETS:
        surplus = text.count(opening, *span) - text.count(closing, *span)
        stop += surplus > 0 and text[stop : stop + 1] == closing
        start -= surplus < 0 and text[start - 1 : start] == opening
    return start, stop


def _compared(options: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(letter, _folded(text).strip(_EDGES).casefold()) for letter, text in options.items()]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """``text`` as ``parse_options`` reads it; for each of its characters, and its end, the place in ``text``."""
    starts = [place for place, char in enumerate(text) if not place or not unicodedata.combining(char)]
    parts = [_folded(text[start:stop]) for start, stop in zip(starts, [*starts[1:], len(text)], strict=True)]
    folded = "".join(parts)
    if folded != _folded(text):  # characters that fold together, such as the letters of a Korean syllable
        raise CannotAttackError(NO_OPTIONS)
    return folded, [start for start, part in zip(starts, parts, strict=True) for _ in part] + [len(text)]


def _follow(reference: str, options: Mapping[str, str], moved: Mapping[str, str]) -> str:
    """The gold answer ``B. dog`` -> ``A. dog``; one that names no option stays."""
    gold = _GOLD.fullmatch(reference)
    if gold and gold[1] in moved and _folded(gold[2] or "").strip(_EDGES) in ("", options[gold[1]]):
        return reference[: gold.start(1)] + moved[gold[1]] + reference[gold.end(1) :]
    if _NAMES_OPTIONS.search(_folded(reference)):
        raise CannotAttackError(OPTIONS_NAMED)
    return reference


def _can_swap_options(case: Case) -> bool:
    try:
        swap_options_of(case)
    except CannotAttackError:
        return False
    return True


SWAP_OPTIONS = Attack(
    "swap-options",
    already_done,
    strength=1.0,
    needs=_can_swap_options,
    subtask=POSITION_SWAPPING,
    roles=("first", "swapped"),
    rewrites_case=swap_options_of,
)
SWAP_IMAGES = Attack(
    "swap-images",
    swap_images,
    strength=1.0,
    needs=has_images,
    subtask=POSITION_SWAPPING,
    roles=("first", "swapped"),
)
