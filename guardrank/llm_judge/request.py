"""A record -> the request that asks for its score, and the key under which the answer is cached.

The key is the hash of what is wanted: server, model, messages, form of the answer, temperature, seed, token limit.
What a server does not take (``endpoint.Dialect``) is left out of what is sent and not out of the key: a second run
finds its answers without asking. The answer says what was sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from guardrank.dimensions import Dimension
from guardrank.llm_judge.failures import SHOWN_AS_EXAMPLE
from guardrank.llm_judge.images import ImageError, data_url
from guardrank.llm_judge.messages import Message, Prompt, load_prompts
from guardrank.llm_judge.settings import ChatSettings
from guardrank.records import Record


class Instructions(Protocol):
    """What the client needs to know of what comes before a record."""

    @property
    def sha256(self) -> str:
        """The hash of it."""
        ...

    @property
    def schema(self) -> dict[str, Any] | None:
        """The form of the answer, as ``response_format`` takes it; None for a free answer."""
        ...


_Asked = TypeVar("_Asked", bound=Instructions)


@dataclass(frozen=True)
class Request(Generic[_Asked]):
    """What a model is asked of one record."""

    key: str
    prompt: _Asked
    messages: list[Message]

    @property
    def texts(self) -> Iterator[str]:
        """The text of each message."""
        for message in self.messages:
            content = message["content"]
            yield content if isinstance(content, str) else "".join(part.get("text", "") for part in content)

    @property
    def images(self) -> int:
        """How many images go with it."""
        contents = [message["content"] for message in self.messages if isinstance(message["content"], list)]
        return sum(part["type"] == "image_url" for content in contents for part in content)


class RequestMaker:
    """Makes the requests of one judge.

    Raises:
        UsageError: the settings contradict each other.
    """

    def __init__(self, settings: ChatSettings) -> None:
        self.settings = settings
        self._prompts = load_prompts(settings.question, few_shot=settings.few_shot)
        self._shape = {
            "base_url": settings.base_url,
            "model": settings.model,
            "temperature": settings.temperature,
            "seed": settings.seed,
            "max_tokens": settings.max_tokens,
        }

    @property
    def sha256(self) -> str:
        """The hash of everything but the record: who judges by the same, judges alike."""
        prompts = {dimension.value: prompt.sha256 for dimension, prompt in self._prompts.items()}
        schemas = {dimension.value: prompt.schema for dimension, prompt in self._prompts.items()}
        return _sha256(self._shape | {"prompts": prompts, "schemas": schemas, "images": bool(self.settings.images)})

    def prompt_for(self, dimension: Dimension) -> Prompt:
        """The prompt of a dimension."""
        return self._prompts[dimension]

    def make(self, record: Record) -> Request[Prompt] | str:
        """The request for ``record``, or the slug of the reason why it cannot be asked."""
        prompt = self._prompts[record.dimension]
        folder = self.settings.images
        try:
            image = data_url(folder, record.image) if folder and record.image else None
        except ImageError as error:
            return str(error)
        messages = prompt.messages(record, image)
        if messages[-1] in prompt.opening:
            return SHOWN_AS_EXAMPLE
        key = _sha256(self._shape | {"messages": messages, "schema": prompt.schema})
        return Request(key, prompt, messages)


def _sha256(shape: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()
