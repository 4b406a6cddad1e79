"""Verdict: what a judge says of a record. A failure is a verdict with ``score=None`` and the reason."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from guardrank.records.record import Record, Role

UNSUPPORTED_DIMENSION = "unsupported_dimension"
SCORED_IN_PAIR = "scored_in_pair"
"""Reason why one half of a position-swapping pair has no score: only the two answers together have one."""
UNREADABLE_ANSWER = "unreadable_answer"


class LocalOpinion(BaseModel):
    """What the judge that abstained had said, before another judge scored the row."""

    model_config = ConfigDict(frozen=True)

    judge: str
    score: int | None
    confidence: float | None


class Verdict(BaseModel):
    """What one judge says of one record.

    ``score`` is an integer on the dimension's scale, 0 best; None means that it could not be judged, for the
    reason in ``error``. ``expected`` is the mean of ``probs`` on the same scale, ``confidence`` the largest
    probability. An abstained verdict keeps its score, and ASD and PAR leave it out.
    ``answer`` (pair subtasks only) is the option read from the response: ``A``, ``B``, ``none`` or
    ``unreadable``. Where another judge was asked in the place of one that abstained, either ``escalated_from``
    says what that one had said, or ``escalation_error`` why the row is still as it left it.
    """

    model_config = ConfigDict(protected_namespaces=(), frozen=True)

    id: str
    score: int | None
    expected: float | None = None
    probs: tuple[float, ...] | None = None
    confidence: float | None = None
    abstained: bool = False
    truncated: bool = False
    error: str | None = None
    judge: str
    answer: str | None = None
    escalated_from: LocalOpinion | None = None
    escalation_error: str | None = None

    @model_validator(mode="after")
    def _failure_has_a_reason(self) -> Self:
        if (self.score is None) != (self.error is not None):
            raise ValueError("a verdict has either a score or an error, never both or neither")
        return self


def failed(record: Record, judge: str, error: str) -> Verdict:
    """The verdict on a record that could not be judged."""
    return Verdict(id=record.id, score=None, error=error, judge=judge)


_PAIR_FIELDS: tuple[str, ...] = ("pair", "role")
_RARE_FIELDS: tuple[str, ...] = ("answer", "escalated_from", "escalation_error")
"""Left out of a verdict's line where there is nothing in them."""


def verdict_line(record: Record, verdict: Verdict, *, with_text: bool = False) -> dict[str, Any]:
    """The JSON object written for a verdict: the record's labels first, then the verdict's fields."""
    line: dict[str, Any] = {
        "id": verdict.id,
        "dimension": record.dimension.value,
        "subtask": record.subtask,
        "lang": record.lang,
        "model": record.model,
    }
    if verdict.answer is not None:
        line |= {"pair": record.pair, "role": record.role, "right_answer": record.answer}
    if with_text:
        line |= {"prompt": record.prompt, "response": record.response}
    absent = {name for name in _RARE_FIELDS if getattr(verdict, name) is None}
    return line | verdict.model_dump(exclude={"id", *absent})


__all__ = [
    "SCORED_IN_PAIR",
    "UNREADABLE_ANSWER",
    "UNSUPPORTED_DIMENSION",
    "LocalOpinion",
    "Role",
    "Verdict",
    "failed",
    "verdict_line",
]
