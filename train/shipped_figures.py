"""What was measured of a judge that ships: the ``test`` block of its metrics.json.

    tests/benchmarks/mini_results.py ──measures──> ShippedFigures ──> metrics.json ──> card, docs/results.md

    Measurement      one file (or all rows of a dimension, a language): agreement with people
    Slice            one hard kind of rows: false alarms and misses
    Abstention       what is left when the least sure rows go to somebody else
    BarElsewhere     one source judged by bars fitted without it

Every figure is an ``Estimate``. The question is yes or no, is the score above 0, unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from guardrank.metrics import Estimate

Group = Literal["trained", "unseen", "pooled"]
Metric = Literal["accuracy", "kappa", "ece", "removed"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Aim(_Part):
    """What a figure is to reach: at least ``bound``, or at most where ``metric`` is an error."""

    metric: Metric
    bound: float

    def reached(self, figure: Estimate) -> bool | None:
        """Whether the point estimate reaches it; None where there is none."""
        if figure.value is None:
            return None
        return figure.value <= self.bound if self.metric == "ece" else figure.value >= self.bound


class Quoted(_Part):
    """A figure of somebody else's.

    Attributes:
        n: of how many of the same rows it was computed here; None for a published one, of other rows.
    """

    metric: Metric
    value: float
    n: int | None = None


class Measurement(_Part):
    """Agreement with people on the rows of one file, or of one dimension or language.

    Attributes:
        group: ``trained`` are test rows of what the judge was trained on; ``unseen`` are files that it was not;
            ``pooled`` are all rows of the trained ones.
        failed: rows that the judge gave no score; open_labels: rows whose label may mean either; left_out: rows
            whose prompt stands among the training rows. They are in no figure.
        f1: of "unsafe".
        ece: of the probability that the score is above 0, 15 bins of equally many rows.
        reached: the point estimate against ``aim``.
    """

    name: str
    group: Group
    n: int
    clusters: int
    positives: int
    failed: int = 0
    open_labels: int = 0
    left_out: int = 0
    undecided: str | None
    accuracy: Estimate
    kappa: Estimate
    f1: Estimate
    ece: Estimate
    aim: Aim | None = None
    ngrams: Quoted | None = None
    gpt4: Quoted | None = None
    reached: bool | None = None


class Rate(_Part):
    """How often the judge is wrong about rows of one label."""

    n: int
    clusters: int
    share: Estimate
    undecided: str | None


class Slice(_Part):
    """Rows of one kind: ``false_alarms`` on those that people call safe, ``misses`` on the others."""

    name: str
    what: str
    false_alarms: Rate
    misses: Rate


class Promise(_Part):
    """What is left of some rows above a bar of confidence.

    Attributes:
        promised: the error rate that was promised; None for the bar that the judge abstains by unasked.
        kept: how many rows are left.
    """

    rows: str
    promised: float | None
    n: int
    kept: int
    coverage: Estimate
    error_rate: Estimate
    undecided: str | None


class Abstention(_Part):
    """What confidence is good for, on the rows of a group.

    Attributes:
        share: of each dimension's rows, the least sure, which are given up.
        removed: the share of all errors that goes with them.
        aurc: mean error rate over all coverages (Geifman et al. 2019); with a confidence that says nothing it
            is ``error_rate``.
    """

    group: Group
    n: int
    clusters: int
    errors: int
    share: float
    error_rate: Estimate
    removed: Estimate
    aurc: Estimate
    undecided: str | None
    aim: Aim | None = None
    reached: bool | None = None
    promises: tuple[Promise, ...] = ()


class BarElsewhere(_Part):
    """The dev rows of one source, judged by the bar of all sources and by the bar of all others."""

    source: str
    dimension: str
    n: int
    clusters: int
    undecided: str | None
    bar: float
    bar_elsewhere: float
    accuracy: Estimate
    accuracy_elsewhere: Estimate
    kappa: Estimate
    kappa_elsewhere: Estimate
    difference: Estimate
    """Of the kappas, elsewhere minus own, paired."""


class Speed(_Part):
    """How fast the judge scored what was measured, and how large it is."""

    rows: int
    rows_per_second: float
    load_ms: float
    folder_bytes: int


class Example(_Part):
    """A seed row that the judge gets wrong."""

    id: str
    dimension: str
    lang: str | None
    human: int
    score: int
    confidence: float
    prompt: str
    response: str


class ShippedFigures(_Part):
    """All of it.

    Attributes:
        judge: name; hash: of the ``variant`` that was measured, whole.
        limit: rows a file, where not all were measured: then no figure is to be quoted.
        environment: date, processor, versions.
    """

    judge: str
    hash: str
    variant: str
    limit: int | None
    measurements: tuple[Measurement, ...]
    slices: tuple[Slice, ...]
    abstention: tuple[Abstention, ...]
    bars: tuple[BarElsewhere, ...]
    speed: Speed
    examples: tuple[Example, ...]
    environment: Mapping[str, Any]

    def of_group(self, *groups: Group) -> list[Measurement]:
        """The measurements of some groups, in order."""
        return [one for one in self.measurements if one.group in groups]
