"""StudySettings: what the user of ``guardrank-agree study`` asked for, checked as far as words go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from guardrank.agreement.results import By
from guardrank.annotations import Question, find_question
from guardrank.dimensions import Dimension
from guardrank.errors import UsageError
from guardrank.llm_judge.options import ChatOptions

ALL_SLICES: tuple[By, ...] = tuple(by for by in get_args(By) if by != "all")


@dataclass(frozen=True)
class StudySettings:
    """What the user asked for.

    Attributes:
        judges: as written after ``--judge``, in order.
        question: a name in data/questions.yaml or a file of that form.
        label: where the label stands, for a question spelt on the command line; likewise ``classes``,
            ``class_names`` and ``annotators`` (name -> path).
        by: the groupings of rows that are told beside all.
        command: the command line, for the record.
    """

    data: tuple[str, ...]
    judges: tuple[str, ...]
    output: Path
    question: str | None = None
    label: str | None = None
    classes: int | None = None
    class_names: tuple[str, ...] = ()
    annotators: Mapping[str, str] = field(default_factory=dict)
    binary: bool = False
    split: str | None = None
    dimension: Dimension | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    by: tuple[By, ...] = ALL_SLICES
    resamples: int = 2000
    seed: int = 0
    device: str | None = None
    chat: ChatOptions = field(default_factory=ChatOptions)
    strict: bool = False
    command: str = ""

    def find_question(self) -> tuple[str, Question] | None:
        """The question by name, or the one that the options spell; None takes the labels as they stand.

        Raises:
            UsageError: there is no such question, or options contradict each other.
        """
        spelt = self.label is not None or self.classes is not None or bool(self.class_names or self.annotators)
        if self.question is None:
            return self._spelt_question() if spelt else None
        if spelt:
            raise UsageError(
                "--question says where the labels are: leave out --label, --classes, --class-name and --annotator"
            )
        return Path(self.question).stem, find_question(self.question)

    def _spelt_question(self) -> tuple[str, Question]:
        label = self.label or "human"
        names = self.class_names or tuple(str(i) for i in range(self.classes or 0))
        if len(names) < 2:
            raise UsageError("how many labels are there? Give --classes, or a --class-name for each")
        if self.classes not in (None, len(names)):
            raise UsageError(f"--classes {self.classes} and {len(names)} times --class-name: one for each class")
        if len(set(names)) < len(names):
            raise UsageError("two classes have the same --class-name: give each its own")
        by_number = {str(i): i for i in range(len(names))}
        values = by_number | {name: i for i, name in enumerate(names)} if self.class_names else {}
        title = f"{label}: {', '.join(names)}"
        return label, Question(
            title=title, classes=names, label=label, values=values, annotators=dict(self.annotators)
        )


def parse_by(text: str | None) -> tuple[By, ...]:
    """``"dimension,lang"`` as groupings, in the order of the results; None means all.

    Raises:
        UsageError: there is no such grouping.
    """
    if text is None:
        return ALL_SLICES
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in get_args(By)]:
        raise UsageError(f"--by knows no {unknown[0]}: it takes {', '.join(ALL_SLICES)}")
    return tuple(by for by in ALL_SLICES if by in names)


def parse_annotators(texts: Sequence[str]) -> dict[str, str]:
    """``["anna=meta.anna"]`` as name -> path; raises UsageError with the right form."""
    annotators: dict[str, str] = {}
    for text in texts:
        name, _, path = text.partition("=")
        if not (name.strip() and path.strip()):
            raise UsageError(f"--annotator takes NAME=PATH such as anna=meta.anna, not {text!r}")
        if name.strip() in annotators:
            raise UsageError(f"--annotator {name.strip()} stands there twice: give each annotator one name")
        annotators[name.strip()] = path.strip()
    return annotators
