"""Asked: on which labels people and judges are compared.

    a question                 its own classes, wherever its labels stand
    none: labels as they are   the dimension's scale; 0 against anything above where the source says no more
    --binary                   any of these, 0 against anything above

A label that is an interval, "unsafe, degree unknown", counts as above 0 where all of it is; where it could be both,
the row has no label.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guardrank.annotations import Label, Question, bounds, load_sources
from guardrank.dimensions import DIMENSIONS
from guardrank.errors import UsageError
from guardrank.records import Record, Verdict

PRESENCE: tuple[str, str] = ("0", "above 0")


@dataclass(frozen=True)
class Asked:
    """What is compared.

    Attributes:
        name: of the question, or ``human``.
        classes: names of the labels compared, 0 first.
        scale: names of the labels as they come, before 0 is set against anything above; None where each row
            comes on its dimension's scale.
        question: where the labels stand; None for ``human`` and ``annotations``.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    scale: tuple[str, ...] | None
    question: Question | None = None

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes, so that a score answers by whether it is above 0."""
        return len(self.classes) == 2

    def label(self, record: Record) -> int | None:
        """The agreed label; None where there is none, or the interval leaves it open."""
        return None if record.human is None else self._settle(record.human)

    def read(self, verdict: Verdict) -> Verdict:
        """A judge's verdict; one on the question's finer question is decided by it."""
        finer = self.question.finer if self.question else None
        return finer.coarsen(verdict) if finer else verdict

    def annotations(self, record: Record) -> dict[str, int | None]:
        """Each annotator's label, by name."""
        given = self.question.annotations(record) if self.question and self.question.annotators else None
        named = _named(record) if given is None else given
        return {name: None if label is None else self._settle(label) for name, label in named.items()}

    def _settle(self, label: Label) -> int | None:
        low, high = (min(end, len(self.classes) - 1) if self.is_binary else end for end in bounds(label))
        return low if low == high else None


def _named(record: Record) -> dict[str, int | None]:
    annotations = record.annotations or {}
    if isinstance(annotations, dict):
        return annotations
    return {f"annotator {i}": label for i, label in enumerate(annotations, start=1)}


def ask(name: str, question: Question, *, binary: bool) -> Asked:
    """A question; ``binary`` sets its first class against all others."""
    classes = question.classes
    if binary and len(classes) > 2:
        classes = (classes[0], " or ".join(classes[1:]))
    return Asked(name, question.title, classes, question.classes, question)


def ask_as_it_stands(records: Sequence[Record], *, binary: bool) -> Asked:
    """The labels in ``human`` on the scale that they come in.

    Args:
        records: the rows with labels, at least one.
        binary: 0 against anything above, whatever the scale.

    Raises:
        UsageError: the rows' dimensions have different scales.
    """
    tops = {DIMENSIONS[record.dimension].top_score for record in records}
    top = max(tops)
    if top > 1 and (binary or any(map(_says_no_degree, {record.source for record in records}))):
        return Asked("human", "Labels of people, 0 against anything above", PRESENCE, None)
    if len(tops) > 1:
        raise UsageError(
            f"the scales {', '.join(f'0-{end}' for end in sorted(tops))} cannot be compared as one: "
            "choose a dimension with --dim, or set 0 against anything above with --binary"
        )
    return Asked("human", f"Labels of people, 0-{top}", tuple(str(i) for i in range(top + 1)), None)


def _says_no_degree(source: str | None) -> bool:
    """Whether a source's labels are intervals: unsafe, of unknown degree."""
    known = load_sources().get(source or "")
    return known is not None and (known.label.binary or any(map(_is_interval, known.label.values.values())))


def _is_interval(label: Label | None) -> bool:
    return isinstance(label, tuple)


def fitting_questions(questions: Iterable[tuple[str, Question]], sources: set[str | None]) -> list[str]:
    """The names of the questions that were asked of rows of just these sources."""
    return [name for name, question in questions if sources and sources <= set(question.sources)]
