"""Case: what a model under test is asked, and the record that its response makes.

    Case ──images opened, transform done──> a model ──response──> case.record(response, model) ──> a judge

A case says nothing of any model, and its id does not depend on other cases: a task that grows keeps its answers.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from guardrank.dimensions import Dimension
from guardrank.records import Record, Role


class Transform(BaseModel):
    """What is done to a case when it is asked; the same three values do the same thing again.

    Attributes:
        name: of the attack, such as ``gaussian-noise``.
        strength: on the attack's own scale; larger is harder.
        seed: of its random numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    strength: float
    seed: int


class Case(BaseModel):
    """One request to a model: a prompt and images.

    Attributes:
        id: ``TASK:IMAGE:HASH`` for cases of task folders; what twins add follows behind ``~``.
        task: the folder or file that it comes from.
        images: paths below the folder of the task's images, in the order in which they are shown.
        image_sha256: of the files, where they could be read; None for one that could not.
        attack: the red-team technique, as a slug: that of the sheet, or of the transform.
        options: the answer options, by letter.
        answer: the right option's letter.
        reference: what a judge may read beside the response: a gold answer, a description of the image.
        pair: shared by a clean case and its twins.
        role: in a pair task.
        transform: None shows the case as it is.
        meta: what else its row said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    task: str
    prompt: str
    images: tuple[str, ...] = ()
    image_sha256: tuple[str | None, ...] = ()
    dimension: Dimension
    subtask: str | None = None
    lang: str | None = None
    attack: str | None = None
    options: dict[str, str] | None = None
    answer: str | None = None
    reference: str | None = None
    pair: str | None = None
    role: Role | None = None
    transform: Transform | None = None
    source: str | None = None
    meta: dict[str, Any] = Field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """The hash of all that shapes the request and what becomes of its response."""
        return hashlib.sha256(orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def record(self, response: str, model: str, **more: Any) -> Record:
        """The record of a response; ``more`` are further fields of it."""
        fields = self.model_dump(mode="json", exclude={"images", "image_sha256", "transform"}, exclude_none=True)
        if self.images:
            fields["image"] = self.images[0]
        if len(self.images) > 1:
            fields["images"] = list(self.images)
        if self.transform:
            fields["transform"] = self.transform.model_dump(mode="json")
        return Record.model_validate(fields | {"response": response, "model": model} | more)


def case_id(task: str, images: tuple[str, ...], prompt: str) -> str:
    """``privacy:0146:3fa2c17b``: readable by the first image's name, told apart by what is shown and asked."""
    digest = hashlib.sha256(orjson.dumps([images, prompt])).hexdigest()[:8]
    stem = PurePosixPath(images[0]).stem if images else "text"
    return f"{task}:{stem}:{digest}"
