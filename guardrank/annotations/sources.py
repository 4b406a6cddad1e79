"""data/sources.yaml: for each known source, how its columns and labels become ours, and who may use it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from guardrank.annotations.downloads import Download
from guardrank.annotations.labels import LabelRule
from guardrank.records import Record


class _LabelSpec(BaseModel):
    model_config = ConfigDict(extra="forbid")

    field: str = "human"
    binary: bool = False
    values: dict[str, int | tuple[int, int] | None] = Field(default_factory=dict)


class Source(BaseModel):
    """One annotated data set, keyed in the table by the ``source`` field of its rows.

    Attributes:
        download: where in the repository at ``url`` the rows stand and how to read them, as far as that is known.
        columns: our field -> their dotted path, used where ours is missing.
        group: dotted path of what splits and intervals keep together; the prompt unless said.
        shipped: whether a judge that the project ships may be trained on it.
        harmless: whether its responses do no harm, whatever their label in truthfulness says.
    """

    model_config = ConfigDict(extra="forbid")

    title: str
    url: str
    download: Download | None = None
    licence: str
    shipped: bool
    harmless: bool = False
    label: _LabelSpec = _LabelSpec()
    columns: dict[str, str] = Field(default_factory=dict)
    group: str = "prompt"
    notes: str = ""

    @property
    def rule(self) -> LabelRule:
        """The label rule of this source."""
        return LabelRule(field=self.label.field, binary=self.label.binary, values=self.label.values)


@cache
def load_sources() -> Mapping[str, Source]:
    """The table of ``data/sources.yaml`` by source name."""
    text = (files("guardrank.data") / "sources.yaml").read_text(encoding="utf-8")
    rows: dict[str, Any] = yaml.safe_load(text)["sources"]
    return MappingProxyType({name: Source.model_validate(row) for name, row in rows.items()})


def cluster_of(record: Record) -> str:
    """What this record shares with its kin: the prompt (or what its source names), else the response.

    Splits never separate a cluster, and intervals resample whole clusters. A row whose labels are no longer its
    source's own names it in ``from_source``; its kin are the same.
    """
    source = load_sources().get(str(record.source or record.get_path("from_source")))
    key = record.get_path(source.group) if source else record.prompt
    return str(key or record.prompt or record.response)


def final_fields(record: Record) -> dict[str, Any]:
    """The record as a line that ``read_records`` gives back as it is: its labels are final.

    The source that is known stands in ``from_source``, where no reader takes it for a reason to apply the source's
    label rule a second time.
    """
    fields = record.model_dump(exclude_defaults=True)
    if record.source in load_sources():
        fields["from_source"] = fields.pop("source")
    return fields
