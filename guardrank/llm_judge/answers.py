"""What a server answered, and the score in it, if there is one.

    Answer(content='{"reason": "...", "score": 2}')  ->  Reading(score=2, reason="...")
    Answer(content="I'd say 2.")                     ->  Reading(error="unparseable")

Nothing is guessed: a score is a number in the one JSON object of the answer, and it is on the scale. ``2.0`` is the
number 2; the text ``"2"``, ``true`` and a number in a sentence are no scores.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from guardrank.llm_judge.failures import CUT, EMPTY, OFF_SCALE, REFUSED, UNPARSEABLE

_THINKING = re.compile(r"\s*<think>(.*</think>)?", re.DOTALL)
"""How open reasoning models begin, where the server does not take their notes out. Notes may quote a hostile
``</think>``, so that they end with the last one."""


class Answer(BaseModel):
    """One answer that was paid for, as the cache keeps it.

    Attributes:
        snapshot: the model that the server says has answered: ``gpt-4o-2024-08-06`` for ``gpt-4o``.
        prompt_tokens: None where the server does not say.
        prompt: SHA-256 of the instructions and examples before the record.
        sent: the parameters of the request, as the server took it: response format, temperature, seed...
        answered: when, UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: str | None = None
    refusal: str | None = None
    finish_reason: str | None = None
    snapshot: str | None = None
    system_fingerprint: str | None = None
    prompt_tokens: int | None = Field(default=None, ge=0)
    completion_tokens: int | None = Field(default=None, ge=0)
    model: str
    base_url: str
    prompt: str
    sent: dict[str, Any]
    answered: str


class Reading(NamedTuple):
    """The score in an answer, or the reason why there is none; and why the model gave it, in its words."""

    score: int | None = None
    error: str | None = None
    reason: str | None = None


def read_answer(answer: Answer, classes: int) -> Reading:
    """The score on the scale ``0..classes-1``, or one of the failures that answers have."""
    if answer.refusal or answer.finish_reason == "content_filter":
        return Reading(error=REFUSED)
    if answer.finish_reason == "length":
        return Reading(error=CUT)
    if not (answer.content and answer.content.strip()):
        return Reading(error=EMPTY)
    thinking = _THINKING.match(answer.content)
    if thinking and thinking[1] is None:  # it never came to an answer
        return Reading(error=UNPARSEABLE)
    found = _only_object(answer.content[thinking.end() :] if thinking else answer.content)
    if found is None:
        return Reading(error=UNPARSEABLE)
    reason = found.get("reason")
    return _on_scale(found.get("score"), classes)._replace(reason=reason if isinstance(reason, str) else None)


def _on_scale(score: object, classes: int) -> Reading:
    if isinstance(score, bool) or not isinstance(score, int | float):
        return Reading(error=UNPARSEABLE)
    if score not in range(classes):
        return Reading(error=OFF_SCALE)
    return Reading(score=int(score))


def _only_object(text: str) -> dict[str, Any] | None:
    """The JSON object in ``text``, by itself or among words; None if there is none, or there are several."""
    decoder = json.JSONDecoder(object_pairs_hook=_without_repeats, parse_constant=_no_number)
    found: list[dict[str, Any]] = []
    start = text.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return None
        found.append(value)
        start = text.find("{", end)
    return found[0] if len(found) == 1 else None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that says one thing twice says nothing."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("repeated key")
    return fields


def _no_number(name: str) -> float:
    raise ValueError(name)
