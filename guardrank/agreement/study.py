"""The study itself: labelled rows and every rater's answers become figures with intervals.

settings ──read_rows──> Rows ──collect_answers──> Answers of each rater
all rows, each dimension, language, ... ──> agreements, the human ceiling, comparisons    (Slice)
each rater ──> calibration, coverage, favour
rows       ──> disagreements
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from guardrank.agreement.agreement_figures import agreement
from guardrank.agreement.answers import Answers, collect_answers
from guardrank.agreement.calibration import calibration
from guardrank.agreement.ceiling import human_ceiling
from guardrank.agreement.comparison import Metric, compare
from guardrank.agreement.coverage import coverage
from guardrank.agreement.disagreements import find_disagreements
from guardrank.agreement.favour import favour
from guardrank.agreement.raters import parse_specs
from guardrank.agreement.results import Agreement, Calibration, Comparison, Coverage, Favour, Slice, Study
from guardrank.agreement.rows import Rows, read_rows
from guardrank.agreement.sample import Bootstrap, Sample
from guardrank.agreement.settings import StudySettings
from guardrank.agreement.slices import Group, group_rows
from guardrank.progress import Progress
from guardrank.versions import library_versions

_PACKAGES = ("guardrank", "krippendorff", "numpy", "scikit-learn", "scipy", "statsmodels")


@dataclass(frozen=True)
class Finding:
    """A study and the rows behind it, for what is said on the screen only."""

    study: Study
    rows: Rows


def conduct(settings: StudySettings) -> Finding:
    """Read, score, compare.

    Raises:
        UsageError: something was asked for that cannot be.
        GuardRankError: no row has a label, or no judge scored any.
    """
    specs = parse_specs(settings.judges)
    rows = read_rows(settings)
    answers = collect_answers(specs, rows, settings)
    return Finding(_Comparing(rows, answers, Bootstrap(settings.resamples, settings.seed)).study(settings), rows)


class _Comparing:
    """The figures of one study; every one of them takes the same resamples of the clusters."""

    def __init__(self, rows: Rows, answers: Sequence[Answers], bootstrap: Bootstrap) -> None:
        self.rows = rows
        self.answers = answers
        self.bootstrap = bootstrap

    def study(self, settings: StudySettings) -> Study:
        rows = self.rows
        return Study(
            question=rows.asked.name,
            title=rows.asked.title,
            classes=list(rows.asked.classes),
            data=rows.files,
            rows=len(rows),
            clusters=int(np.unique(rows.clusters).size),
            unlabelled=rows.unlabelled,
            rejected=rows.rejects.count,
            raters=[one.rater for one in self.answers],
            slices=self.slices(settings),
            calibration=list(self.calibrations()),
            coverage=list(self.coverages()),
            favour=list(self.favours()),
            disagreements=find_disagreements(rows, self.answers),
            resamples=settings.resamples,
            seed=settings.seed,
            command=settings.command,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=library_versions(_PACKAGES),
        )

    def slices(self, settings: StudySettings) -> list[Slice]:
        """One for each group; a group that holds every row repeats the figures of all, not the work."""
        groups = group_rows(self.rows.records, settings.by)
        slices: list[Slice] = []
        with Progress(len(groups), "slices", title="Comparing") as progress:
            for group in groups:
                whole = bool(slices) and group.places.size == len(self.rows)
                slices.append(self._again(slices[0], group) if whole else self._slice(group))
                progress.advance()
        return slices

    def _slice(self, group: Group) -> Slice:
        return Slice(
            by=group.by,
            value=group.value,
            rows=group.places.size,
            agreements=[self._agreement(one, group.places) for one in self.answers],
            humans=self._humans(group.places),
            comparisons=list(self._comparisons(group)),
        )

    def _again(self, everything: Slice, group: Group) -> Slice:
        with_first = [one for one in everything.comparisons if one.first == self.answers[0].name]
        return everything.model_copy(update={"by": group.by, "value": group.value, "comparisons": with_first})

    def _agreement(self, one: Answers, places: NDArray[np.int64]) -> Agreement:
        there = places[one.scored[places]]
        return agreement(one.name, self._sample(one, there), self.bootstrap, missing=int(places.size - there.size))

    def _sample(self, one: Answers, places: NDArray[np.int64]) -> Sample:
        return Sample(
            self.rows.labels[places],
            one.scores[places],
            self.rows.clusters[places],
            len(self.rows.asked.classes),
        )

    def _humans(self, places: NDArray[np.int64]) -> list[Agreement]:
        rows = self.rows
        return human_ceiling(
            rows.annotators,
            rows.annotations[places],
            rows.clusters[places],
            len(rows.asked.classes),
            self.bootstrap,
        )

    def _comparisons(self, group: Group) -> Iterator[Comparison]:
        """Every pair on all rows; in a group the first rater against each other."""
        pairs = (
            combinations(self.answers, 2) if group.by == "all" else [(self.answers[0], b) for b in self.answers[1:]]
        )
        metrics: list[Metric] = ["kappa", "accuracy"]
        if not self.rows.asked.is_binary:
            metrics.insert(1, "weighted_kappa")
        for first, second in pairs:
            both = group.places[first.scored[group.places] & second.scored[group.places]]
            a, b = self._sample(first, both), self._sample(second, both)
            for metric in metrics:
                yield compare(first.name, a, second.name, b, self.bootstrap, metric)

    def calibrations(self) -> Iterator[Calibration]:
        """Of each rater that gave confidences."""
        for one, there in self._confident():
            correct = one.scores[there] == self.rows.labels[there]
            yield calibration(one.name, one.confidence[there], correct, self.rows.clusters[there], self.bootstrap)

    def coverages(self) -> Iterator[Coverage]:
        """Of each rater that gave confidences."""
        for one, there in self._confident():
            yield coverage(
                one.name, one.confidence[there], self._sample(one, there), one.abstained[there], self.bootstrap
            )

    def _confident(self) -> Iterator[tuple[Answers, NDArray[np.int64]]]:
        for one in self.answers:
            there = np.flatnonzero(one.scored & ~np.isnan(one.confidence))
            if there.size:
                yield one, there

    def favours(self) -> Iterator[Favour]:
        """Of each rater and each model that the rows name."""
        for one in self.answers:
            there = [i for i in np.flatnonzero(one.scored).tolist() if self.rows.records[i].model]
            if there:
                models = [str(self.rows.records[i].model) for i in there]
                yield from favour(one.name, self._sample(one, np.array(there)), models, self.bootstrap)
