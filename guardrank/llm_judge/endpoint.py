"""What is learned of an endpoint during a run: the dialect that it takes, and when it wants to be left alone.

Servers that call themselves OpenAI-compatible differ in what they take. Each refusal (400, 422) that can be about a
parameter leads one step further, and what was answered first stays the dialect of the run:

    response_format   json_schema -> json_object -> none: the prompt alone asks for JSON
    max_tokens        -> max_completion_tokens
    temperature, seed -> left out
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal

from guardrank.llm_judge.settings import ChatSettings

DOWN_AFTER = 20
"""So many records in a row lost to the server, and it counts as down: one attempt a record until it answers."""

Format = Literal["json_schema", "json_object", "text"]
_PLAINER: dict[Format, Format] = {"json_schema": "json_object", "json_object": "text"}


@dataclass(frozen=True)
class Dialect:
    """Which parameters a request carries."""

    format: Format = "json_schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    seed: bool = True

    def parameters(self, settings: ChatSettings, schema: dict[str, Any] | None) -> dict[str, Any]:
        """The parameters of a request beside model and messages."""
        sent: dict[str, Any] = {self.limit: settings.max_tokens}
        if self.temperature:
            sent["temperature"] = settings.temperature
        if self.seed and settings.seed is not None:
            sent["seed"] = settings.seed
        if self.format == "json_schema":
            sent["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.format == "json_object":
            sent["response_format"] = {"type": "json_object"}
        return sent

    def simpler(self, complaint: str) -> Dialect | None:
        """The dialect without what ``complaint`` names, else with a plainer format; None if none is simpler."""
        if self.limit == "max_tokens" and "max_completion_tokens" in complaint:
            return replace(self, limit="max_completion_tokens")
        if self.temperature and "temperature" in complaint:
            return replace(self, temperature=False)
        if self.seed and "seed" in complaint:
            return replace(self, seed=False)
        plainer = _PLAINER.get(self.format)
        return replace(self, format=plainer) if plainer else None


class Endpoint:
    """The memory that all threads of a client share.

    Args:
        first: the dialect that is tried first.
    """

    def __init__(self, first: Dialect | None = None) -> None:
        self.first = first or Dialect()
        self.taken: Dialect | None = None
        """The dialect in which a request was first answered."""
        self._not_before = 0.0
        self._lost = 0
        self._lock = threading.Lock()

    def answered(self, dialect: Dialect) -> None:
        """A request in ``dialect`` was answered."""
        with self._lock:
            self.taken = self.taken or dialect
            self._lost = 0

    def lost(self) -> None:
        """A record was given up because of the server."""
        with self._lock:
            self._lost += 1

    @property
    def is_down(self) -> bool:
        """Whether it has not answered for long."""
        return self._lost >= DOWN_AFTER

    def hold(self, seconds: float) -> None:
        """The server wants no request for ``seconds``."""
        with self._lock:
            self._not_before = max(self._not_before, monotonic() + seconds)

    def wait(self, stop: threading.Event, jitter: float) -> None:
        """Return when the server can be asked, or the run is over; up to ``jitter`` seconds late."""
        while (left := self._not_before - monotonic()) > 0:
            if stop.wait(left + random.uniform(0, jitter)):  # noqa: S311
                return

    def after(self, tried: Dialect, complaint: str) -> Dialect | None:
        """What to try after ``tried`` was refused; None where the refusal must be about the record."""
        if self.taken:
            return self.taken if self.taken != tried else None
        return tried.simpler(complaint)
