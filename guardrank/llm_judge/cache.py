"""Paid answers on disk: one small JSON file each, named by the hash of everything that shaped the answer.

    CACHE/3f/3f9c...e1.json

A file is written beside its place and moved there, so that it is whole or not there, whenever the process dies.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from guardrank.llm_judge.answers import Answer


class AnswerCache:
    """The answers in a folder, for the threads of this process and for others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._asking: set[str] = set()
        self._change = threading.Condition()

    def get(self, key: str) -> Answer | None:
        """The answer kept under ``key``; None where there is none, or what is there is damaged."""
        try:
            return Answer.model_validate_json(self._path(key).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def put(self, key: str, answer: Answer) -> None:
        """Keep ``answer``."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{key}.{os.getpid()}.{threading.get_ident()}")
        try:
            beside.write_bytes(answer.model_dump_json(indent=1).encode())
            beside.replace(path)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Hold up other threads that want the same answer: records that are alike are paid for once."""
        with self._change:
            while key in self._asking:
                self._change.wait()
            self._asking.add(key)
        try:
            yield
        finally:
            with self._change:
                self._asking.remove(key)
                self._change.notify_all()

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"
