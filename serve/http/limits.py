"""Limits that hold before a request is understood: its bytes, the time that they take, and who may send them.

body ──counted while it is read, against a clock──> the application
     ──too long──> 413    ──too slow──> 408    ──without the token──> 401
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from guardrank.serve.http.errors import error_content
from guardrank.serve.http.settings import ServiceSettings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/", "/docs"})
"""What needs no token: an orchestrator's questions, and the pages, which ask their reader for it.

A browser sends no bearer token with a navigation, so a page behind the token could not be opened. The pages hold
nothing of this service; what they show (/v1/judges, /openapi.json) is asked for with the token.
"""
PAGE = "/page/"
MAX_DIGITS = 20
"""Of Content-Length, that are read: a number of thousands of digits is one that Python refuses to read."""


class Limits:
    """Wraps the application."""

    def __init__(self, app: App, settings: ServiceSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is refused; hand on the rest with its whole body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        if not self._may_enter(scope["path"], headers):
            await refuse(send, 401, "a bearer token is needed", {b"www-authenticate": b"Bearer"})
            return
        if _announced(headers) > self._settings.body_bytes:
            await self._too_long(send)
            return
        try:
            body = await asyncio.wait_for(self._read(receive), self._settings.body_seconds)
        except TimeoutError:
            await refuse(send, 408, f"the body took longer than {self._settings.body_seconds:g} s")
            return
        if body is None:
            await self._too_long(send)
        else:
            await self._app(scope, _once(body, receive), send)

    def _may_enter(self, path: str, headers: MutableMapping[bytes, bytes]) -> bool:
        if self._settings.token is None or path in OPEN_PATHS or path.startswith(PAGE):
            return True
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._settings.token.encode())

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None as soon as it is too long."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > self._settings.body_bytes:
                return None
            parts.append(part)
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return b"".join(parts)

    async def _too_long(self, send: Send) -> None:
        limit = f"the body is longer than {self._settings.body_bytes:,} bytes"
        await refuse(send, 413, limit, {b"connection": b"close"})


def _announced(headers: MutableMapping[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"0")
    return int(length[:MAX_DIGITS]) if length.isdigit() else 0


def _once(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives ``body``, and then whatever comes."""
    given = False

    async def read() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return read


async def refuse(
    send: Send, status: int, message: str, headers: MutableMapping[bytes, bytes] | None = None
) -> None:
    """Answer with an error in the form that all errors of the service have."""
    content = orjson.dumps(error_content(status, message))
    all_headers = {b"content-type": b"application/json", b"content-length": str(len(content)).encode()}
    all_headers |= headers or {}
    await send({"type": "http.response.start", "status": status, "headers": list(all_headers.items())})
    await send({"type": "http.response.body", "body": content})
