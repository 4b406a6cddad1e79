"""``openai:MODEL``: any server that speaks OpenAI's chat completions, asked as the chat judge asks its server.

    Ask ──images as PNG data URLs, then the prompt──> ChatClient (waits, retries, budget) ──> Reply

Images were opened and checked before they come here, and are encoded anew: of a file only its pixels are sent.
"""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from guardrank.benchmark.models.base import EMPTY, Ask, ModelOptions, Reply
from guardrank.errors import MissingExtraError, UsageError
from guardrank.llm_judge.answers import Answer
from guardrank.llm_judge.client import ChatClient, Outcome
from guardrank.llm_judge.endpoint import Dialect, Endpoint
from guardrank.llm_judge.failures import STOPPED
from guardrank.llm_judge.messages import Message
from guardrank.llm_judge.prices import find_price
from guardrank.llm_judge.purse import Purse
from guardrank.llm_judge.request import Request
from guardrank.llm_judge.settings import OPENAI_URL, ChatSettings, read_key

if TYPE_CHECKING:
    from PIL.Image import Image

FILTERED = "filtered"
"""A filter of the server kept the model from answering, or its answer from us."""


@dataclass(frozen=True)
class NoInstructions:
    """A model under test gets the case and nothing before it; its answer has no form."""

    sha256: str = hashlib.sha256(b"").hexdigest()
    schema: None = None


def load(rest: str, options: ModelOptions) -> ChatModel:
    """The model ``rest`` of the server at ``options.base_url``, OpenAI's unless given.

    Raises:
        UsageError: no model is named, there is no key, or no price although the cost is limited.
        MissingExtraError: the SDK is not installed.
    """
    if not rest:
        raise UsageError("--model openai: names no model: give openai:gpt-4o or whatever the server calls it")
    try:
        import openai  # noqa: F401
    except ImportError:
        raise MissingExtraError("asking a server", "bench") from None
    return ChatModel(
        requests_per_minute=options.requests_per_minute,
        settings=ChatSettings(
            model=rest,
            base_url=options.base_url or OPENAI_URL,
            key_env=options.more.get("key_env"),
            prices=Path(options.more["prices"]) if "prices" in options.more else None,
            concurrency=options.concurrency,
            max_tokens=options.max_new_tokens,
            temperature=options.temperature,
            seed=options.seed,
            max_cost=options.max_cost,
            timeout=_number(options.more, "timeout", 120.0),
            attempts=int(_number(options.more, "attempts", 6)),
        ),
    )


def _number(more: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(more.get(name, default))
    except ValueError:
        raise UsageError(f"--set {name}={more[name]}: give a number") from None


class Pace:
    """Lets at most so many asks a minute begin, evenly spread; retries come on top, as the server asks for them."""

    def __init__(self, per_minute: float | None) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self, stop: threading.Event) -> None:
        """Return when it is this caller's turn, or ``stop`` is set."""
        if not self._gap:
            return
        with self._lock:
            turn = max(self._next, monotonic())
            self._next = turn + self._gap
        stop.wait(turn - monotonic())


class ChatModel:
    """A chat model behind an endpoint; ``answer`` may be called from several threads."""

    batch_size = 1

    def __init__(self, settings: ChatSettings, requests_per_minute: float | None = None) -> None:
        self.settings = settings
        self._pace = Pace(requests_per_minute)
        self.threads = settings.concurrency
        self.stop = threading.Event()
        price = find_price(settings)
        self._client = ChatClient(
            settings,
            read_key(settings),
            price=price,
            purse=Purse(settings.max_cost),
            endpoint=Endpoint(Dialect(format="text")),
            stop=self.stop,
        )
        self._is_priced = price is not None

    @property
    def name(self) -> str:
        """The model's last name: ``gpt-4o``, ``Llama-3.2-11B-Vision-Instruct``."""
        return self.settings.model.rpartition("/")[2]

    def facts(self) -> Mapping[str, Any]:
        """The model, its server and the decoding; no key."""
        asked = self.settings.model_dump(
            mode="json", include={"model", "base_url", "max_tokens", "temperature", "seed"}
        )
        return {"kind": "openai", **asked}

    def answer(self, asks: Sequence[Ask]) -> Sequence[Reply]:
        """One reply for each ask; raises GuardRankError where the server will answer none."""
        return [self._ask(ask) for ask in asks]

    def close(self) -> None:
        """Wait no longer for the server."""
        self.stop.set()
        self._client.__exit__()

    def _ask(self, ask: Ask) -> Reply:
        self._pace.wait(self.stop)
        return self._reply(self._client.ask(_request(ask)))

    def _reply(self, outcome: Outcome) -> Reply:
        facts: dict[str, Any] = {"requests": outcome.requests}
        if self._is_priced:
            facts["dollars"] = round(outcome.dollars, 6)
        if outcome.answer is None:
            return Reply(error=outcome.failure or STOPPED, facts=facts)
        return _read(outcome.answer, facts)


def _read(answer: Answer, facts: dict[str, Any]) -> Reply:
    """A refusal in a field of its own is what the model said; a filter's is not."""
    known = {
        "snapshot": answer.snapshot,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
    }
    facts |= {name: value for name, value in known.items() if value is not None}
    text = answer.content or answer.refusal or ""
    if text.strip() and answer.finish_reason != "content_filter":
        return Reply(text, cut=answer.finish_reason == "length", facts=facts)
    return Reply(error=FILTERED if answer.finish_reason == "content_filter" else EMPTY, facts=facts)


def _request(ask: Ask) -> Request[NoInstructions]:
    images = [{"type": "image_url", "image_url": {"url": png_url(image)}} for image in ask.images]
    content: Any = [*images, {"type": "text", "text": ask.prompt}] if images else ask.prompt
    message: Message = {"role": "user", "content": content}
    return Request(ask.id, NoInstructions(), [message])


def png_url(image: Image) -> str:
    """``image`` as ``data:image/png;base64,...``, without loss."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
