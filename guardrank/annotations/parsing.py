"""From a raw row to a Record, or to the one reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from guardrank.annotations.labels import LabelError, LabelRule, check_scale, lower_median, parse_label
from guardrank.annotations.mapping import apply_mapping, nest
from guardrank.annotations.sources import load_sources
from guardrank.dimensions import DIMENSION_OF_SUBTASK, DIMENSIONS, Dimension, parse_dimension, parse_subtask
from guardrank.records import RawRow, Record, look_up

_AS_IT_STANDS = LabelRule()


class RejectedRowError(Exception):
    """The row cannot become a record; the text says why."""


@dataclass(frozen=True)
class RowParser:
    """Applies column mapping, the wanted dimension and the label rule to raw rows.

    Attributes:
        dim: fills a missing dimension.
        mapping: our field -> their column or dotted path.
        rule: label rule for all rows; None takes each row's source rule, else ``human`` as it stands.
    """

    dim: Dimension | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    rule: LabelRule | None = None

    def parse(self, row: RawRow) -> Record:
        """The record in ``row``; raises RejectedRowError with the reason."""
        if row.fields is None:
            raise RejectedRowError(row.problem or "empty row")
        fields = nest(apply_mapping(row.fields, self.mapping))
        source = load_sources().get(str(fields.get("source")))
        if source:
            missing = {ours: path for ours, path in source.columns.items() if fields.get(ours) in (None, "")}
            fields |= {ours: look_up(fields, path) for ours, path in missing.items()}
        if fields.get("id") in (None, ""):
            fields["id"] = f"{row.file}:{row.line}"
        fields["dimension"] = self._dimension(fields)
        rule = self.rule or (source.rule if source else _AS_IT_STANDS)
        try:
            return Record.model_validate(fields | self._labels(fields, rule))
        except LabelError as error:
            raise RejectedRowError(str(error)) from None
        except ValidationError as error:
            raise RejectedRowError(_first_reason(error)) from None

    def _dimension(self, fields: Mapping[str, Any]) -> Dimension:
        name = fields.get("dimension")
        if name in (None, ""):
            dimension = DIMENSION_OF_SUBTASK.get(parse_subtask(str(fields.get("subtask") or ""))) or self.dim
            if dimension is None:
                raise RejectedRowError("no dimension: give --dim, or map the column that holds it")
            return dimension
        try:
            return parse_dimension(str(name))
        except ValueError:
            raise RejectedRowError(f"unknown dimension: {str(name)[:40]!r}") from None

    def _labels(self, fields: Mapping[str, Any], rule: LabelRule) -> dict[str, Any]:
        if not _has_text(fields.get("response")):
            raise RejectedRowError("no response")
        top_score = DIMENSIONS[fields["dimension"]].top_score
        annotations = _annotations(fields.get("annotations"), rule.top(top_score))
        label = rule.convert(look_up(fields, rule.field), top_score)
        if label is None and annotations:
            label = lower_median([score for score in _values(annotations) if score is not None])
        return {"human": label, "annotations": annotations}


def _has_text(value: object) -> bool:
    return value is not None and bool(str(value).strip())


def _annotations(raw: Any, top_score: int) -> dict[str, int | None] | list[int | None] | None:
    """Every annotator's score, checked; a flat file's text cell is not split."""
    if raw in (None, "", [], {}):
        return None
    if isinstance(raw, Mapping):
        return {str(name): _score(value, top_score) for name, value in raw.items()}
    if isinstance(raw, list):
        return [_score(value, top_score) for value in raw]
    raise LabelError("label off the scale: annotations must be a list or an object of scores")


def _score(value: Any, top_score: int) -> int | None:
    if value is None or value == "":
        return None
    label = check_scale(parse_label(value), top_score)
    if not isinstance(label, int):
        raise LabelError("label off the scale: one annotator gives one score")
    return label


def _values(annotations: dict[str, int | None] | list[int | None]) -> list[int | None]:
    return list(annotations.values()) if isinstance(annotations, dict) else annotations


def _first_reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"bad field: {place}: {first['msg']}"
