"""The parts of a chat completion that are read, checked; whatever else a server sends is passed over.

body ──one JSON object──> Completion
     ──data: {...} lines, a stream that nobody asked for (transformers serve sends no other)──> the same
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, TypeAdapter


class Message(BaseModel):
    """What the model said, or why it would not."""

    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    """One of the answers; one was asked for."""

    message: Message
    finish_reason: str | None = None


class TokenUsage(BaseModel):
    """What is billed, where the server says it."""

    prompt_tokens: int | None = Field(default=None, ge=0)
    completion_tokens: int | None = Field(default=None, ge=0)


class Completion(BaseModel):
    """A server's answer to one request."""

    choices: list[Choice] = Field(min_length=1)
    model: str | None = None
    system_fingerprint: str | None = None
    usage: TokenUsage | None = None

    def said(self) -> dict[str, str | None]:
        """All the text in it, by the names that ``Answer`` has for it."""
        choice = self.choices[0]
        return {
            "content": choice.message.content,
            "refusal": choice.message.refusal,
            "finish_reason": choice.finish_reason,
            "snapshot": self.model,
            "system_fingerprint": self.system_fingerprint,
        }


class Delta(BaseModel):
    """A piece of what the model said."""

    content: str | None = None
    refusal: str | None = None


class ChunkChoice(BaseModel):
    """A piece of one of the answers."""

    delta: Delta = Field(default_factory=Delta)
    finish_reason: str | None = None


class Chunk(BaseModel):
    """One event of a stream."""

    choices: list[ChunkChoice] = Field(default_factory=list)
    model: str | None = None
    system_fingerprint: str | None = None
    usage: TokenUsage | None = None


_LINE, _END = b"data:", b"[DONE]"
_FINISHED = TypeAdapter(str)


def parse_completion(body: bytes) -> Completion:
    """The completion in a server's answer.

    Raises:
        ValidationError: it is none, or a stream that broke off before its end.
    """
    if not body.lstrip().startswith(_LINE):
        return Completion.model_validate_json(body)
    lines = (line.removeprefix(_LINE).strip() for line in body.splitlines() if line.startswith(_LINE))
    return _joined([Chunk.model_validate_json(line) for line in lines if line != _END])


def _joined(chunks: list[Chunk]) -> Completion:
    choices = [choice for chunk in chunks for choice in chunk.choices[:1]]
    reasons = [choice.finish_reason for choice in choices if choice.finish_reason]
    finish = _FINISHED.validate_python(reasons[-1] if reasons else None)  # without one it broke off
    text, refusal = (
        "".join(getattr(choice.delta, name) or "" for choice in choices) for name in ("content", "refusal")
    )
    message = Message(content=text or None, refusal=refusal or None)
    last: dict[str, Any] = {
        name: next((value for chunk in reversed(chunks) if (value := getattr(chunk, name))), None)
        for name in ("model", "system_fingerprint", "usage")
    }
    return Completion(choices=[Choice(message=message, finish_reason=finish)], **last)
