"""The parts of a chat completion that are read, checked; whatever else a server sends is passed over."""

from __future__ import annotations

from pydantic import BaseModel, Field


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
