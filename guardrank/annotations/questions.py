"""Questions: what was asked of the annotators of a data set, and where their answers stand in its rows.

    data/questions.yaml: xstest-refusal -> Question(label path, classes, the single annotators)

Training, cross-fitting and agreement studies that name the same question use the same labels, on the scale
that they came in: refusing / partly / complying, not our 0-3.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from guardrank.annotations.labels import LabelError, LabelRule
from guardrank.errors import UsageError
from guardrank.records import Record, Verdict


class Finer(BaseModel):
    """A finer question about the same responses, whose answer decides a coarser one.

    Rare answers are learnt better so: of the responses that follow a harmful request few are harmless.

    Attributes:
        question: its name.
        classes: for each of its labels 0, 1, ... the label of the coarser question.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    classes: tuple[int, ...] = Field(min_length=3)

    def coarsen(self, verdict: Verdict) -> Verdict:
        """A verdict on the finer question as one on the coarser; one on another number of classes stays.

        Verdicts do not say which question they answer: the number of their probabilities tells.
        """
        if verdict.score is None or verdict.probs is None or len(verdict.probs) != len(self.classes):
            return verdict
        probs = [0.0] * (max(self.classes) + 1)
        for label, chance in zip(self.classes, verdict.probs, strict=True):
            probs[label] += chance
        expected = sum(label * chance for label, chance in enumerate(probs))
        known = {"score": self.classes[verdict.score], "probs": tuple(probs)}
        return verdict.model_copy(update=known | {"expected": expected, "confidence": max(probs)})


class Question(BaseModel):
    """One question that people answered about responses.

    Attributes:
        title: as tables and reports show it.
        classes: names of the labels 0, 1, ..., mildest first.
        label: dotted path of the agreed label in a row.
        values: what stands there (as text) -> label; None for "no label"; empty where it is the label itself.
        annotators: name -> dotted path of that person's own label.
        annotator_values: as ``values``, for the annotators; ``values`` unless given.
        sources: the ``source`` of the rows that it was asked of.
        finer: a question whose judges answer this one too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    classes: tuple[str, ...] = Field(min_length=2)
    label: str = "human"
    values: dict[str, int | None] = Field(default_factory=dict)
    annotators: dict[str, str] = Field(default_factory=dict)
    annotator_values: dict[str, int | None] = Field(default_factory=dict)
    sources: tuple[str, ...] = ()
    finer: Finer | None = None

    @model_validator(mode="after")
    def _labels_are_classes(self) -> Self:
        decided = self.finer.classes if self.finer else ()
        for label in [*self.values.values(), *self.annotator_values.values(), *decided]:
            if label is not None and not 0 <= label < len(self.classes):
                raise ValueError(f"label {label} is none of the {len(self.classes)} classes")
        return self

    @property
    def rule(self) -> LabelRule:
        """How a row's agreed label is read."""
        return LabelRule(field=self.label, values=self.values, classes=len(self.classes))

    def annotations(self, record: Record) -> dict[str, int | None]:
        """Each annotator's label of ``record``: None where one gave none, or nothing that this question knows."""
        return {name: self._label(record.get_path(path)) for name, path in self.annotators.items()}

    def unread(self, record: Record) -> list[str]:
        """The annotators who wrote something of ``record`` that this question does not know."""
        known = {*(self.annotator_values or self.values)}
        raw = {name: record.get_path(path) for name, path in self.annotators.items()}
        return [
            name
            for name, value in raw.items()
            if value not in (None, "") and str(value) not in known and self._label(value) is None
        ]

    def _label(self, raw: Any) -> int | None:
        rule = LabelRule(values=self.annotator_values or self.values, classes=len(self.classes))
        try:
            label = rule.convert(raw, rule.top(0))
        except LabelError:
            return None
        return label if isinstance(label, int) else None


@cache
def load_questions() -> Mapping[str, Question]:
    """The questions of ``data/questions.yaml`` by name."""
    return _parse((files("guardrank.data") / "questions.yaml").read_text(encoding="utf-8"), "data/questions.yaml")


def find_question(name: str) -> Question:
    """A question of ``data/questions.yaml``, or the only one of a file of that form.

    Raises:
        UsageError: there is none of that name, or the file holds none or several.
    """
    if name in load_questions():
        return load_questions()[name]
    path = Path(name)
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        raise UsageError(f"no question {name}: one of {', '.join(load_questions())}, or a .yaml file of that form")
    found = _parse(path.read_text(encoding="utf-8"), name)
    if len(found) != 1:
        raise UsageError(f"{name} holds {len(found)} questions: leave one")
    return next(iter(found.values()))


def _parse(text: str, where: str) -> Mapping[str, Question]:
    try:
        rows = yaml.safe_load(text)["questions"]
        return MappingProxyType({name: Question.model_validate(row) for name, row in rows.items()})
    except (yaml.YAMLError, ValidationError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{where} cannot be read: {' '.join(str(error).split())[:200]}") from None
