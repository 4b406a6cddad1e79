"""Request: what the user of ``guardrank-train`` asked for, and what its options say of the labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from guardrank.annotations import LabelRule, Question, find_question
from guardrank.errors import UsageError


@dataclass(frozen=True)
class Request:
    """What the user asked for, as given."""

    dimensions: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    base: str | None = None
    recipe: str | None = None
    out: Path | None = None
    seed: int = 13
    device: str | None = None
    overrides: tuple[str, ...] = ()
    mapping: str | None = None
    question: str | None = None
    label: str | None = None
    classes: int | None = None
    nominal: bool = False
    binary: bool = False
    tasks: Path | None = None
    add_seed: bool = True
    cross_fit: int | None = None
    resume: bool = False
    fresh: bool = False
    from_published: Path | None = None

    @property
    def asked(self) -> Question | None:
        """The question that people answered; raises UsageError where options contradict it."""
        if self.question is None:
            return None
        if self.label is not None or self.classes is not None or self.binary:
            raise UsageError("--question says where the labels are: leave out --label, --classes and --binary")
        return find_question(self.question)

    @property
    def label_count(self) -> int | None:
        """Size of another label set; None where the dimensions' own scales hold."""
        return len(self.asked.classes) if self.asked else self.classes

    @property
    def label_field(self) -> str:
        """Where the label stands in a row."""
        return self.asked.label if self.asked else self.label or "human"

    @property
    def rule(self) -> LabelRule | None:
        """The label rule that the options spell, None where each source's own holds."""
        if self.asked:
            return self.asked.rule
        if self.label is None and self.classes is None and not self.binary:
            return None
        return LabelRule(field=self.label or "human", binary=self.binary, classes=self.classes)
