"""The OpenAPI document of one service: what FastAPI knows of the code, and what the settings add.

FastAPI's document ──the limits as maxItems and maxLength, the token as a scheme, errors of any operation,
                     descriptions of fields out of docstrings──> /openapi.json, which /docs shows
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from guardrank.serve.http.limits import OPEN_PATHS
from guardrank.serve.http.schemas import error_responses
from guardrank.serve.http.settings import ServiceSettings

SCHEME = "token"
ANYWHERE = (408, 413, 500)
"""Errors that come before an operation is reached, or out of its failure: any may answer with them."""


class DescribedApp(FastAPI):
    """An application whose OpenAPI document says what holds in this very service."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        before = self.openapi_schema
        document = super().openapi()
        if document is not before:
            service = self.state.service
            for path, operation in _operations(document):
                _add_errors(operation, *ANYWHERE)
                if service.settings.token is not None and path not in OPEN_PATHS:
                    _ask_for_token(operation)
            if service.settings.token is not None:
                document["components"]["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer"}}
            _add_limits(document["components"]["schemas"], service.settings, service.texts)
            _describe_fields(document["components"]["schemas"])
        return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def _add_errors(operation: dict[str, Any], *statuses: int) -> None:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}
    for status, said in error_responses(*statuses).items():
        operation["responses"][str(status)] = {"description": said["description"], "content": content}


def _ask_for_token(operation: dict[str, Any]) -> None:
    """So that generated clients send it. Limits asks for it, before FastAPI sees the request."""
    operation["security"] = [{SCHEME: []}]
    _add_errors(operation, 401)


def _add_limits(schemas: dict[str, Any], settings: ServiceSettings, texts: int) -> None:
    schemas["ScoreBody"]["properties"]["records"]["maxItems"] = settings.rows
    for name in ("prompt", "response", "reference"):
        _bound_texts(schemas["RecordIn"]["properties"][name], settings.chars)
    _bound_texts(schemas["TextPart"]["properties"]["text"], settings.chars)
    for form in schemas["ModerationBody"]["properties"]["input"]["anyOf"]:
        if form["type"] == "array":
            form["maxItems"] = texts
        _bound_texts(form.get("items", form), settings.chars)


def _bound_texts(schema: dict[str, Any], chars: int) -> None:
    for form in schema.get("anyOf", [schema]):
        if form.get("type") == "string":
            form["maxLength"] = chars


def _describe_fields(schemas: dict[str, Any]) -> None:
    """Move what the section ``Attributes:`` of a docstring says to the fields that it speaks of."""
    for schema in schemas.values():
        text, _, section = schema.get("description", "").partition("\n\nAttributes:\n")
        if section:
            schema["description"] = text
            for name, said in re.findall(r"^    (\w+): (.*(?:\n     .*)*)", section, re.MULTILINE):
                schema["properties"][name]["description"] = " ".join(said.split())
