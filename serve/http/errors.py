"""Errors: all in one form, and none with a text that was to be judged.

{"error": {"message": ..., "type": "invalid_request_error" | "server_error", "field": ... | null}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

FIELD_CHARS = 200
"""Longest name of a field in an error: a client's own keys stand in it."""
MAX_COMPARED = 100


class FieldError(HTTPException):
    """A request that can be read and not served: 422, with the field at fault."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(422, f"{field}: {problem}")
        self.field = field


def error_content(status: int, message: str, field: str | None = None) -> dict[str, Any]:
    """What the body of an answer with that status says."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "field": field}}


def add_errors(app: FastAPI) -> None:
    """Answer refusals in our form, those of the router (404, 405) included; a crash is RequestLog's to answer."""

    @app.exception_handler(AnyHTTPException)
    async def refused(_request: Request, error: AnyHTTPException) -> JSONResponse:
        content = error_content(error.status_code, str(error.detail), getattr(error, "field", None))
        return JSONResponse(content, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse(_first_fault(error), 422)


def _first_fault(error: RequestValidationError) -> dict[str, Any]:
    """What is wrong, in one place of the body. pydantic's own answer would repeat the input.

    Where a field has several forms there is an error for each; the one that got deepest is the form that was meant.
    """
    found: Sequence[Mapping[str, Any]] = error.errors()[:MAX_COMPARED]
    if found[0]["type"] == "json_invalid":
        return error_content(422, f"body: no JSON at character {found[0]['loc'][-1]}")
    paths = [_path(each["loc"][1:], error.body, missing=each["type"] == "missing") for each in found]
    deepest = max(range(len(found)), key=lambda i: len(paths[i]))
    field = ".".join(paths[deepest])[:FIELD_CHARS]
    problem = _without_input(found[deepest])[:FIELD_CHARS]
    return error_content(422, f"{field or 'body'}: {problem}", field or None)


def _without_input(error: Mapping[str, Any]) -> str:
    """What is wrong; our own validators repeat the value, which may be a response in the wrong field."""
    said = str(error["msg"])
    if error["type"] != "value_error":
        return said
    return said.removeprefix("Value error, ").replace(repr(error["input"]), "given")


def _path(places: Sequence[str | int], body: Any, *, missing: bool) -> list[str]:
    """Where in the body; pydantic also names the alternative that it tried, as in ``input.list[str].0``."""
    path: list[str] = []
    for i, place in enumerate(places):
        if _is_in(place, body):
            body = body[place]
        elif not (missing and i == len(places) - 1):
            continue
        path.append(str(place))
    return path


def _is_in(place: str | int, body: Any) -> bool:
    if isinstance(body, list):
        return isinstance(place, int) and place < len(body)
    return isinstance(body, dict) and place in body
