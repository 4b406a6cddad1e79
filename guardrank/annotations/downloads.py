"""The ``download:`` part of data/sources.yaml: how a source's own files become rows, said without code.

files ──format, layout──> raw rows, one an answer ──join──> with the columns of a second file
      ──fields, labels, dimension──> our rows                              (guardrank.train.import_sources)
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guardrank.dimensions import Dimension

Format = Literal["csv", "tsv", "json", "jsonl"]


class Join(BaseModel):
    """A second file that adds columns: its row whose ``key`` equals the raw row's ``column``; theirs never win."""

    model_config = ConfigDict(extra="forbid")

    file: str
    format: Format
    column: str
    key: str


class DimensionByField(BaseModel):
    """The dimension that ``values`` gives for our fields ``by``; the first of them that it knows counts."""

    model_config = ConfigDict(extra="forbid")

    by: tuple[str, ...]
    values: dict[str, Dimension]


class DimensionByWord(BaseModel):
    """A guess: the first dimension one of whose words stands in the prompt, else ``otherwise``."""

    model_config = ConfigDict(extra="forbid")

    words: dict[Dimension, tuple[str, ...]]
    otherwise: Dimension


class Download(BaseModel):
    """Where a source's rows stand in a clone of its repository, and what their columns mean.

    Attributes:
        files: paths in the clone, ``*`` standing for any part of a name; all that are there are read, in order.
        format: of the files; None where no importer was written, ``files`` then only says where to look.
        layout: name of the reader (guardrank.train.raw_layouts) that makes several raw rows of a nested one.
        fields: our field (dotted) -> their column; ``$file`` is the file's name without its ending, ``$folder``
            the folder that it is in.
        label: their column with the label, which goes where the source's label rule looks for it.
        labels: their label, as JSON writes it without quotes -> our score.
        dimension: one for all rows, or how to find it.
        fixed: our fields (dotted) that are the same in all rows.
        before: our field -> text; only what stands before it is kept.
        recode: our field -> {their value: ours}; other values stay.
        join: a second file with more columns.
        chinese_above: ``lang`` is zh where more than this share of the response, without spaces, is Chinese, else
            en; None where ``fixed`` says it.
        strip: drop the spaces around prompts and responses.
        keep_repeats: keep rows with the same prompt, response and label: their prompts belong to different images.
    """

    model_config = ConfigDict(extra="forbid")

    files: tuple[str, ...] = Field(min_length=1)
    format: Format | None = None
    layout: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    label: str = ""
    labels: dict[str, int] = Field(default_factory=dict)
    dimension: Dimension | DimensionByField | DimensionByWord | None = None
    fixed: dict[str, Any] = Field(default_factory=dict)
    before: dict[str, str] = Field(default_factory=dict)
    recode: dict[str, dict[str, str]] = Field(default_factory=dict)
    join: Join | None = None
    chinese_above: float | None = None
    strip: bool = False
    keep_repeats: bool = False

    @model_validator(mode="after")
    def _whole_or_files_only(self) -> Self:
        parts = (self.fields.get("response"), self.label, self.labels, self.dimension)
        if self.format and not all(parts):
            raise ValueError("a download with a format needs fields.response, label, labels and dimension")
        if not self.format and (any(parts) or self.layout):
            raise ValueError("a download needs its format")
        return self

    @property
    def importable(self) -> bool:
        """Whether an importer was written for it."""
        return self.format is not None
