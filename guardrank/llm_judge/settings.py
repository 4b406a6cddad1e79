"""How a chat model is asked: which one, where, with which prompt, how fast and for how much."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from guardrank.annotations.questions import Question
from guardrank.errors import UsageError

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_KEY = "OPENAI_API_KEY"


def default_cache() -> Path:
    """``$XDG_CACHE_HOME/guardrank/answers``, by default below ``~/.cache``."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "guardrank" / "answers"


class ChatSettings(BaseModel):
    """What a ``ChatJudge`` is told; the key is not among it, it stays in the environment.

    Attributes:
        model: as the server calls it: ``gpt-4o-2024-08-06``, ``meta-llama/Llama-3.3-70B-Instruct``.
        base_url: any endpoint that speaks OpenAI's chat completions, up to and with ``/v1``.
        key_env: the environment variable with the key; see ``read_key`` for what is sent if none is named.
        question: asked instead of the dimension's rubric, on its own classes.
        few_shot: show the model examples from the seed annotations first (dimensions only).
        images: the folder that ``record.image`` is relative to; None shows no images, only their description.
        concurrency: requests under way at once.
        timeout: seconds that a server may stay silent.
        attempts: how often a request is sent at most, if the server may have cured itself meanwhile.
        first_wait: seconds before the second attempt; doubled for each after it, with jitter.
        longest_wait: seconds; a server that asks for more patience than this loses the record.
        max_tokens: of an answer, thinking included: reasoning models want a few thousand.
        seed: sent where the server takes one; None sends none.
        max_cost: dollars that all requests of this judge may cost; what does not fit is ``over_budget``.
        prices: a file of the form of data/prices.yaml; what it says goes first.
        cache: the folder of paid answers.
        ask_again: ask anew where a cached answer had no score (refused, cut, unparseable...).
        calls: a JSON Lines file that gets one line a record: snapshot, fingerprint, prompt, tokens, dollars.
        progress: show how far it is, on stderr.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1)
    base_url: str = OPENAI_URL
    key_env: str | None = None
    question: Question | None = None
    few_shot: bool = False
    images: Path | None = None
    concurrency: int = Field(default=8, ge=1, le=256)
    timeout: float = Field(default=60.0, gt=0)
    attempts: int = Field(default=6, ge=1)
    first_wait: float = Field(default=0.5, ge=0)
    longest_wait: float = Field(default=300.0, ge=0)
    max_tokens: int = Field(default=512, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    seed: int | None = 0
    max_cost: float | None = Field(default=None, ge=0)
    prices: Path | None = None
    cache: Path = Field(default_factory=default_cache)
    ask_again: bool = False
    calls: Path | None = None
    progress: bool = True

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise UsageError(f"the base URL {value!r} must begin with https:// or http://")
        if url.username or url.password or url.query or url.fragment:
            raise UsageError("the base URL holds more than an address: a key belongs in the environment")
        return value.rstrip("/")


def read_key(settings: ChatSettings) -> str | None:
    """The key from the environment, None where none is to be sent.

    The variable that ``key_env`` names must be set. Unless one is named, ``OPENAI_API_KEY`` is sent to OpenAI
    (where it must be set), to other servers over https, and to this very machine; never unencrypted to another.

    Raises:
        UsageError: the variable is not set, or holds what cannot be a key. Its value is never shown.
    """
    name = settings.key_env or OPENAI_KEY
    key = os.environ.get(name, "").strip()
    if not key:
        if settings.key_env or settings.base_url == OPENAI_URL:
            raise UsageError(f"no key: put it into the environment variable {name}")
        return None
    if not settings.key_env and not _is_private(settings.base_url):
        return None
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"the environment variable {name} holds something that cannot be a key")
    return key


def _is_private(base_url: str) -> bool:
    """Whether nobody can read along on the way there."""
    url = urlsplit(base_url)
    return url.scheme == "https" or url.hostname in ("localhost", "127.0.0.1", "::1")
