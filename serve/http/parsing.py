"""JSON bodies by orjson: bounded nesting, no NaN, no half characters; what the offline engine reads, and no more.

    Content-Type ──no JSON──> 415    bytes ──orjson──> values ──too many, too deep──> 422    ──> pydantic

Python's own parser recurses without end into 100,000 brackets, and takes lone surrogates, which no tokenizer takes.
pydantic notes every single error before the first is shown: 8 MiB of ``[1,1,1,...`` where texts belong are eight
million, which fills the memory while nobody else is served. So values are counted first.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from itertools import chain, islice
from typing import Any

import orjson
from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from guardrank.serve.http.errors import FieldError

MAX_DEPTH = 66
"""The 64 levels of a line of the offline engine, within a list in an object."""
VALUES_A_ROW = 100
"""Objects, lists, texts and numbers in a body, for each record that it may hold."""


class StrictRequest(Request):
    """A request whose ``json()`` raises ``json.JSONDecodeError`` for all that orjson refuses."""

    async def json(self) -> Any:
        """The body; FieldError where it is out of all proportion."""
        value = orjson.loads(await self.body())
        _check_shape(value, VALUES_A_ROW * self.app.state.service.settings.rows)
        return value


class StrictRoute(APIRoute):
    """A route whose handlers get a StrictRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI, given another class of request."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if self.body_field and not _is_json(request.headers.get("content-type", "")):
                raise HTTPException(415, "the header Content-Type must be application/json")
            return await handler(StrictRequest(request.scope, request.receive))

        return strict


def _is_json(content_type: str) -> bool:
    """Whether FastAPI would parse it; what it would not, its error calls no dictionary, which helps nobody."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _check_shape(value: Any, most: int) -> None:
    """Raise FieldError for more than ``most`` values, or for values more than MAX_DEPTH levels deep."""
    level, left = [value], most
    for _ in range(MAX_DEPTH + 1):
        level = list(islice(chain.from_iterable(map(_items, level)), left + 1))
        if not level:
            return
        left -= len(level)
        if left < 0:
            raise FieldError("body", f"more than {most:,} values")
    raise FieldError("body", f"nested more than {MAX_DEPTH} levels deep")


def _items(parent: Any) -> Iterable[Any]:
    if isinstance(parent, dict):
        return parent.values()
    return parent if isinstance(parent, list) else ()
