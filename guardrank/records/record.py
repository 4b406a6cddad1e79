"""Record: one response to judge, and what people said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

from guardrank.dimensions import Dimension, parse_dimension, parse_subtask

Role = Literal["clean", "noisy", "first", "swapped"]

MAX_TEXT_CHARS = 4_000_000
"""Longest prompt, response or reference that is read, in characters; a judge reads far less."""


def _as_text(value: object) -> object:
    """Spreadsheets and other tools write numbers where a name or an answer is meant."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


_Name = Annotated[str, BeforeValidator(_as_text)]
_Text = Annotated[_Name, StringConstraints(max_length=MAX_TEXT_CHARS)]


class Record(BaseModel):
    """One response to judge; unknown fields are kept in ``model_extra`` and written out again.

    ``human`` is a score on the dimension's scale or an interval ``(low, high)`` such as ``(1, 3)`` for
    "unsafe, degree unknown"; ``annotations`` holds one score per annotator (None where one gave none).
    ``reference`` is a gold answer or a description of the image that the judge may read; ``answer`` is the
    right option letter of a noise-consistency case.
    """

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    id: _Name = ""
    prompt: _Text = ""
    response: _Text
    dimension: Dimension
    subtask: str | None = None
    lang: str | None = None
    model: _Name | None = None
    image: str | None = None
    reference: _Text | None = None
    attack: str | None = None
    pair: _Name | None = None
    role: Role | None = None
    options: Any = None
    answer: str | None = None
    source: str | None = None
    split: str | None = None
    fold: int | None = None
    human: int | tuple[int, int] | None = None
    annotations: dict[str, int | None] | list[int | None] | None = None
    judges: dict[str, Any] = Field(default_factory=dict)
    meta: dict[str, Any] = Field(default_factory=dict)

    @field_validator("dimension", mode="before")
    @classmethod
    def _dimension_in_any_case(cls, value: object) -> object:
        return parse_dimension(value) if isinstance(value, str) and not isinstance(value, Dimension) else value

    @field_validator("subtask", mode="before")
    @classmethod
    def _subtask_as_slug(cls, value: object) -> object:
        return (parse_subtask(value) or None) if isinstance(value, str) else value

    @field_validator("prompt", "judges", "meta", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object, info: Any) -> object:
        return {"prompt": ""}.get(info.field_name, {}) if value is None else value

    @field_validator("human")
    @classmethod
    def _ordered_interval(cls, value: int | tuple[int, int] | None) -> int | tuple[int, int] | None:
        if isinstance(value, tuple) and value[0] > value[1]:
            raise ValueError(f"the interval {list(value)} runs backwards")
        return value

    def template_fields(self) -> Mapping[str, str | None]:
        """What the input templates may show a judge, by field name."""
        return {
            "dimension": self.dimension.value,
            "prompt": self.prompt,
            "response": self.response,
            "reference": self.reference,
        }

    def get_path(self, path: str) -> Any:
        """The value at a dotted path, in fields known or not: ``meta.compliance_human``; None if absent."""
        first = path.partition(".")[0]
        known = first in type(self).model_fields
        return look_up({first: getattr(self, first)} if known else self.model_extra or {}, path)


def look_up(fields: Mapping[str, Any], path: str) -> Any:
    """The value at ``path``: a field of that very name, else step by step through the dots; None if absent.

    A key may itself hold dots, as model names do: ``judges.gpt-4.1``.
    """
    if path in fields:
        return fields[path]
    head, _, rest = path.partition(".")
    inner = fields.get(head)
    return look_up(inner, rest) if rest and isinstance(inner, Mapping) else None
