"""What goes in and comes out over HTTP, as OpenAPI shows it.

Errors all have one form: ``{"error": {"message": ..., "type": ..., "field": ...}}``.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from guardrank.records import Record, Verdict


class ScoreBody(BaseModel):
    """``POST /v1/score``.

    Attributes:
        records: what to judge; each needs ``response`` and ``dimension``.
        judge: one of ``GET /v1/judges``; the first that judges a record's dimension unless given.
    """

    model_config = ConfigDict(extra="forbid")

    records: list[Record]
    judge: str | None = None


class VerdictOut(Verdict):
    """A verdict, with the labels of its record."""

    dimension: str
    subtask: str | None = None
    lang: str | None = None
    model: str | None = None


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
        input: a text, several texts, or the text parts of one.
        model: the name of a judge; other names take the default one, since clients send OpenAI's.
    """

    input: str | list[str] | list[TextPart]
    model: str | None = None

    @property
    def texts(self) -> list[str]:
        """The texts to be judged, each by itself."""
        if isinstance(self.input, str):
            return [self.input]
        parts = [part for part in self.input if isinstance(part, TextPart)]
        return ["\n".join(part.text for part in parts)] if parts else [str(text) for text in self.input]


class Moderation(BaseModel):
    """What is said of one text: keys are OpenAI's categories where they correspond, and our dimensions."""

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
    """Why a request was refused."""

    message: str
    type: str
    field: str | None = None


class ErrorAnswer(BaseModel):
    """The form of every error."""

    error: ErrorDetail


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: these statuses answer with an ``ErrorAnswer``."""
    return {status: {"model": ErrorAnswer} for status in statuses}
