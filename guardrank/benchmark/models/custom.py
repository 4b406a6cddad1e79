"""``python:MODULE:CLASS``: a class of the user's own, which is run as it is.

    class Mine:
        def __init__(self, **settings: str) -> None: ...                  # --set KEY=VALUE
        def answer(self, prompt: str, images: list[PIL.Image.Image]) -> str: ...

An error that it raises is the reason why that case has no response; the others go on.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guardrank.benchmark.models.base import EMPTY, MODEL_ERROR, Ask, ModelOptions, Reply
from guardrank.console import warn
from guardrank.errors import UsageError


def load(rest: str, options: ModelOptions) -> CustomModel:
    """The class that ``MODULE:CLASS`` names, found as ``python -m`` would, made with ``--set``'s values.

    Raises:
        UsageError: there is no such module or class, or it has no method ``answer``.
    """
    module, colon, name = rest.partition(":")
    if not (module and colon and name):
        raise UsageError(f"--model python:{rest}: give python:MODULE:CLASS, such as python:mymodels:Mine")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        made = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--model python:{rest}: {error}") from None
    if not callable(getattr(made, "answer", None)):
        raise UsageError(f"--model python:{rest}: {name} has no method answer(prompt, images)")
    return CustomModel(rest, made(**options.more), options)


class CustomModel:
    """One ask at a time goes to ``own.answer(prompt, images)``."""

    threads = 1

    def __init__(self, spec: str, own: Any, options: ModelOptions) -> None:
        self._spec = spec
        self._own = own
        self._options = options
        self.batch_size = 1
        self.stop = threading.Event()

    @property
    def name(self) -> str:
        """The object's ``name`` if it has one, else its class's."""
        return str(getattr(self._own, "name", self._spec.rpartition(":")[2]))

    def facts(self) -> Mapping[str, Any]:
        """The class, its settings, and what its own ``facts()`` says, if it has one."""
        own = self._own.facts() if callable(getattr(self._own, "facts", None)) else {}
        return {"kind": "python", "class": self._spec, "settings": dict(self._options.more), **own}

    def answer(self, asks: Sequence[Ask]) -> Sequence[Reply]:
        """One reply for each ask."""
        return [self._reply(ask) for ask in asks]

    def close(self) -> None:
        """Calls the object's ``close()``, if it has one."""
        if callable(getattr(self._own, "close", None)):
            self._own.close()

    def _reply(self, ask: Ask) -> Reply:
        try:
            text = self._own.answer(ask.prompt, list(ask.images))
        except Exception as error:  # noqa: BLE001 (whatever the user's code raises is about this case alone)
            warn(f"{self.name} raised {type(error).__name__} at {ask.id}")
            return Reply(error=MODEL_ERROR)
        return Reply(text) if isinstance(text, str) and text.strip() else Reply(error=EMPTY)
