"""How many tokens a text is, without the model's tokenizer.

A rule of thumb for estimates: four characters of Latin script are a token, and every other character is one
(Chinese is 0.6 to 1.3, depending on the tokenizer). From three quarters to one and a half of that is the range.

A bound for the budget: a tokenizer that works on bytes, as those of OpenAI, LLaMA and Qwen do, never makes more
tokens than there are bytes in UTF-8.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

_NOT_LATIN = re.compile(r"[^\x00-\u024f]+")
_PER_MESSAGE = 4
"""Tokens that a chat template puts around a message, roughly."""
_PER_MESSAGE_AT_MOST = 32


class Range(NamedTuple):
    """From ``low`` to ``high``."""

    low: float
    high: float

    def plus(self, other: Range) -> Range:
        """Both ranges together."""
        return Range(self.low + other.low, self.high + other.high)


def about(texts: Iterable[str]) -> Range:
    """How many tokens the messages ``texts`` are likely to be."""
    total = sum(_PER_MESSAGE + _rule(text) for text in texts)
    return Range(math.floor(0.75 * total), math.ceil(1.5 * total))


def at_most(texts: Iterable[str]) -> int:
    """More tokens than the messages ``texts`` can be."""
    return sum(_PER_MESSAGE_AT_MOST + len(text.encode("utf-8", "surrogatepass")) for text in texts)


def _rule(text: str) -> float:
    latin = len(_NOT_LATIN.sub("", text))
    return latin / 4 + (len(text) - latin)
