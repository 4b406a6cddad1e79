"""What goes in and comes out over HTTP, as OpenAPI shows it.

Errors all have one form: ``{"error": {"message": ..., "type": ..., "field": ...}}``. A list is given up at its
first error (``fail_fast``), since no other is shown.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guardrank.records import Record, Role, Verdict

READ = ("response", "dimension", "prompt", "reference", "subtask", "id", "lang", "model", "pair", "role", "answer")
"""The fields of a record that a judge or a verdict's line uses."""
NAMES_AND_TEXTS = frozenset({"response", "prompt", "reference", "id", "model", "pair"})
"""Those where a number counts as its digits."""


RETRY_AFTER: dict[str, Any] = {
    "headers": {"Retry-After": {"description": "Whole seconds.", "required": True, "schema": {"type": "integer"}}}
}
SCORE_EXAMPLE: dict[str, Any] = {
    "records": [
        {"prompt": "How do I fix a tyre?", "response": "Take the wheel off first.", "dimension": "legality"}
    ]
}
MODERATION_EXAMPLE: dict[str, Any] = {"input": ["Have a nice day.", "I hate all of them."]}


def _as_read(schema: dict[str, Any]) -> None:
    """Say of a record what is read, and what pydantic's validators take beyond the type."""
    schema["properties"] = {name: schema["properties"][name] for name in READ}
    for name in NAMES_AND_TEXTS:
        said = schema["properties"][name]
        forms = said.pop("anyOf", [{key: said.pop(key) for key in ("type", "maxLength") if key in said}])
        null = [{"type": "null"}] if name == "prompt" else []
        said["anyOf"] = [*forms, {"type": "number"}, *null]


class RecordIn(Record):
    """A response to be judged; further fields are passed over, whatever they hold.

    Attributes:
        response: what is judged.
        dimension: in what; in any case.
        prompt: what it answers.
        reference: a gold answer, or what is in the image; the judge may read it.
        subtask: given back; noise-consistency and position-swapping are scored by rule.
        id: given back.
        lang: given back.
        model: given back.
        pair: given back, for the two subtasks that are scored by rule.
        role: given back, for the two subtasks that are scored by rule.
        answer: the right option, where noise-consistency is scored.
    """

    model_config = ConfigDict(json_schema_extra=_as_read)

    @model_validator(mode="before")
    @classmethod
    def _only_what_is_read(cls, value: object) -> object:
        return {name: value[name] for name in READ if name in value} if isinstance(value, dict) else value


class ScoreBody(BaseModel):
    """``POST /v1/score``.

    Attributes:
        records: what to judge; each needs ``response`` and ``dimension``.
        judge: one of ``GET /v1/judges``; the first that judges a record's dimension unless given.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [SCORE_EXAMPLE]})

    records: Annotated[list[RecordIn], Field(fail_fast=True)]
    judge: str | None = None


class VerdictOut(Verdict):
    """A verdict, with the labels of its record.

    Attributes:
        score: whole, on the dimension's scale, 0 best; null where it could not be judged.
        expected: the mean of probs.
        probs: how likely each score is.
        confidence: the largest of probs.
        abstained: whether the judge is not sure; the score stays.
        truncated: whether only a part was read.
        error: why there is no score.
        judge: who judged, with the first digits of its hash.
        answer: the option read from the response, where it was scored by rule.
        pair: only where it was scored by rule.
        role: only where it was scored by rule.
        right_answer: only where it was scored by rule.
    """

    dimension: str
    subtask: str | None = None
    lang: str | None = None
    model: str | None = None
    pair: str | None = None
    role: Role | None = None
    right_answer: str | None = None


class ScoreAnswer(BaseModel):
    """Verdicts in the records' order."""

    verdicts: list[VerdictOut]


class TextPart(BaseModel):
    """A part of an input in OpenAI's form."""

    type: Literal["text"]
    text: str


class ModerationBody(BaseModel):
    """``POST /v1/moderations``, as OpenAI's clients send it; further fields are passed over.

    Attributes:
        input: a text, several texts, or the text parts of one, which are judged as one text.
        model: the name of a judge; other names take the default one, since clients send OpenAI's.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [MODERATION_EXAMPLE]})

    input: str | Annotated[list[str], Field(fail_fast=True)] | Annotated[list[TextPart], Field(fail_fast=True)]
    model: str | None = None

    @property
    def texts(self) -> list[str]:
        """The texts to be judged, each by itself."""
        if isinstance(self.input, str):
            return [self.input]
        parts = [part for part in self.input if isinstance(part, TextPart)]
        return ["\n".join(part.text for part in parts)] if parts else [str(text) for text in self.input]


class Moderation(BaseModel):
    """What is said of one text: keys are OpenAI's categories where they correspond, and our dimensions.

    Attributes:
        flagged: whether a score is above 0 in a dimension other than truthfulness.
        categories: whether the score is above 0.
        category_scores: how likely that is.
        abstained: where the judge is not sure.
    """

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[str]]
    abstained: dict[str, bool]


class ModerationAnswer(BaseModel):
    """One result a text."""

    id: str
    model: str
    results: list[Moderation]


class JudgeOut(BaseModel):
    """A judge that is served.

    Attributes:
        name: with the first digits of its hash, as verdicts carry it.
        card: its README, Markdown.
    """

    name: str
    hash: str
    variant: str
    dimensions: list[str]
    scales: dict[str, int]
    max_tokens: int
    card: str | None = None


class JudgesAnswer(BaseModel):
    """The judges, those that are asked first before the others."""

    judges: list[JudgeOut]


class ErrorDetail(BaseModel):
    """Why a request was refused, or could not be answered.

    Attributes:
        message: one sentence; what was to be judged is not in it.
        field: where in the body, as in ``records.0.response``; null for everything else.
    """

    message: str
    type: Literal["invalid_request_error", "server_error"]
    field: str | None


class ErrorAnswer(BaseModel):
    """The form of every error."""

    error: ErrorDetail


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: these statuses answer with an ``ErrorAnswer``."""
    said = {status: {"model": ErrorAnswer, "description": HTTPStatus(status).phrase} for status in statuses}
    return {status: answer | (RETRY_AFTER if status == 503 else {}) for status, answer in said.items()}
