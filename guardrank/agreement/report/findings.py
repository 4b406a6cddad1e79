"""What the sections ask of a study: its whole, its slices, the human ceiling, a rater's comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from guardrank.agreement.report.numbers import counted, decimal, ends, is_number, written
from guardrank.agreement.report.untrusted import name
from guardrank.agreement.results import Agreement, By, Comparison, Outcome, Slice, Study
from guardrank.metrics import Estimate

COLOURS = 6
"""How many colours the style sheet has for raters; with more raters they recur."""

BY_TITLES: dict[By, str] = {
    "dimension": "By dimension",
    "subtask": "By subtask",
    "lang": "By language",
    "model": "By model under test",
    "length": "By length of the response",
    "refusal": "Refusals and other responses",
}

_TURNED: dict[Outcome, Outcome] = {"ahead": "behind", "behind": "ahead", "undecided": "undecided"}


@dataclass(frozen=True)
class Ceiling:
    """How far people agree with each other: one pair's interval, or the span of several pairs."""

    low: float
    high: float
    text: str

    def place_of(self, kappa: Estimate) -> Literal["below", "level", "above"]:
        """Where ``kappa`` lies: ``level`` as long as the two intervals touch."""
        low, high = ends(kappa) or (kappa.value, kappa.value)
        if is_number(high) and high < self.low:
            return "below"
        return "above" if is_number(low) and low > self.high else "level"


def whole(study: Study) -> Slice | None:
    """The slice of all rows."""
    return next((part for part in study.slices if part.by == "all"), None)


def colour_of(study: Study, rater: str) -> str:
    """The class that colours ``rater``, the same in every figure; ``people`` for anybody else."""
    names = [each.name for each in study.raters]
    return f"c{names.index(rater) % COLOURS}" if rater in names else "people"


def rater_name(study: Study, rater: str) -> Markup:
    """The name of ``rater`` in its colour, for sentences."""
    return Markup('<b class="{}">{}</b>').format(colour_of(study, rater), name(rater))


def class_name(study: Study, label: int) -> str:
    """What label ``label`` is called."""
    return study.classes[label] if 0 <= label < len(study.classes) else str(label)


def find_ceiling(humans: Sequence[Agreement]) -> Ceiling | None:
    """The human ceiling of a slice in kappa, None where no two people labelled the same rows."""
    kappas = [pair.kappa for pair in humans if is_number(pair.kappa.value)]
    values = [kappa.value for kappa in kappas if kappa.value is not None]
    if not values:
        return None
    if len(values) == 1:
        low, high = ends(kappas[0]) or (values[0], values[0])
        return Ceiling(low, high, written(kappas[0]))
    low, high = min(values), max(values)
    return Ceiling(low, high, f"{decimal(low)} to {decimal(high)} ({counted(len(values), 'pair')})")


def comparisons_of(part: Slice, rater: str) -> list[Comparison]:
    """The comparisons in kappa between ``rater`` and others, turned so that ``rater`` comes first."""
    found = [each for each in part.comparisons if each.metric == "kappa" and rater in (each.first, each.second)]
    return [each if each.first == rater else _turned(each) for each in found]


def _turned(comparison: Comparison) -> Comparison:
    return comparison.model_copy(
        update={
            "first": comparison.second,
            "second": comparison.first,
            "difference": comparison.difference.scaled(-1),
            "outcome": _TURNED[comparison.outcome],
        }
    )
