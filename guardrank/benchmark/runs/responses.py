"""RUN/responses.jsonl: one line a case asked, appended and synced before the next is begun.

    {"id": ..., "case": "3fa2...", "response": "...", "error": null, "cut": false, ...}

The last line of a case counts, so that a case that failed may be asked again. A kill can tear the last line of the
file only; what is left of it is cut off when the file is opened again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from guardrank.errors import GuardRankError
from guardrank.records import dump_line


class Response(BaseModel):
    """What came of a case: either ``response`` or ``error``.

    Attributes:
        id: of the case.
        case: the first 16 digits of its hash: what was asked.
        cut: the response ran into the token limit.
        facts: tokens, dollars, the snapshot that answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    case: str
    response: str | None = None
    error: str | None = None
    cut: bool = False
    facts: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.response is None) == (self.error is None):
            raise ValueError("either a response or an error")
        return self


def read_responses(path: Path) -> dict[str, Response]:
    """The last line of each case; a torn last line is passed over.

    Raises:
        GuardRankError: a line before the last is no response.
    """
    if not path.is_file():
        return {}
    lines = path.read_bytes().split(b"\n")
    found: dict[str, Response] = {}
    for number, line in enumerate(lines[:-1], 1):  # behind the last line break stands nothing, or a torn line
        try:
            response = Response.model_validate_json(line)
        except ValidationError:
            raise GuardRankError(
                f"{path}, line {number}, is no response: the file was changed by something else; begin a new run"
            ) from None
        found[response.id] = response
    return found


class ResponseLog:
    """Appends responses to ``path`` for the length of a ``with`` block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        _cut_torn_line(self._path)
        self._stream = self._path.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream:
            self._stream.close()

    def add(self, responses: Iterable[Response]) -> None:
        """Write them down for good, from any thread: when this returns, a kill loses none of them."""
        if self._stream is None:
            raise ValueError("the log is not open")
        lines = b"".join(dump_line(response.model_dump(mode="json")) for response in responses)
        with self._lock:
            self._stream.write(lines)
            self._stream.flush()
            os.fsync(self._stream.fileno())


def _cut_torn_line(path: Path) -> None:
    if not path.is_file():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("rb+") as stream:
            stream.truncate(whole)
