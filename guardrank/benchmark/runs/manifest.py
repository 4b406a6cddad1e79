"""RUN/manifest.json: all that shapes a run's answers, so that two runs that differ are never mixed.

RunManifest ──differences──> "decoding.max_new_tokens was 256, is 512"
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from guardrank.benchmark.case import Case


class CaseSet(BaseModel):
    """The cases of a task: how many, and the hash over theirs, images and transforms included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int
    sha256: str

    @classmethod
    def by_task(cls, cases: Sequence[Case]) -> dict[str, CaseSet]:
        """The set of each task."""
        hashes: defaultdict[str, list[str]] = defaultdict(list)
        for case in cases:
            hashes[case.task].append(case.sha256)
        joined = {task: "\n".join(own).encode("ascii") for task, own in hashes.items()}
        return {task: cls(count=len(own), sha256=sha256(joined[task]).hexdigest()) for task, own in hashes.items()}


class RunManifest(BaseModel):
    """What a run was made of.

    Attributes:
        model: as the leaderboard calls it.
        spec: what stood after ``--model``; what was imported has the harness's name here.
        facts: all that shapes the model's answers, by its own account.
        tasks: what the user named, and images: the absolute folder of the images, for the report alone.
        allow_urls: whether images were fetched.
        cases: by task, as of the last start.
        attacks: name -> strength.
        seed: of the attacks.
        versions: of the libraries, for the record.
        created: UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    model: str
    spec: str
    facts: dict[str, Any] = Field(default_factory=dict)
    tasks: str
    images: str | None = None
    allow_urls: bool = False
    cases: dict[str, CaseSet] = Field(default_factory=dict)
    attacks: dict[str, float] = Field(default_factory=dict)
    seed: int = 0
    versions: dict[str, str] = Field(default_factory=dict)
    created: str

    def differences(self, now: RunManifest) -> list[str]:
        """What shapes answers and was otherwise, as ``decoding.temperature was 0.0, is 0.7``."""
        names = {"model", "spec", "facts", "attacks", "seed"}  # the facts have a folder's hash
        before, after = self.model_dump(mode="json", include=names), now.model_dump(mode="json", include=names)
        return list(_differences(before, after, ""))


def _differences(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, f"{path}{name}.")
        elif old != new:
            yield f"{path}{name} was {old}, is {new}"
