"""JSON bodies by orjson: bounded nesting, no NaN, no half characters; what the offline engine reads, and no more.

Python's own parser recurses without end into 100,000 brackets, and takes lone surrogates, which no tokenizer takes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute


class StrictRequest(Request):
    """A request whose ``json()`` raises ``json.JSONDecodeError`` for all that orjson refuses."""

    async def json(self) -> Any:
        """The body."""
        return orjson.loads(await self.body())


class StrictRoute(APIRoute):
    """A route whose handlers get a StrictRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI, given another class of request."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(StrictRequest(request.scope, request.receive))

        return strict
