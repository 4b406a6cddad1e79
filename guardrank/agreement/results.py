"""What a study finds: the contents of ``study.json``, which the table, the report and the notebook show.

    Study
    ├── question, data, raters           what was asked, of which rows, and who answered
    ├── slices: all, each dimension, ... what each rater reaches against people, and rater against rater
    ├── calibration, coverage, favour    figures of single raters
    └── disagreements                    the rows on which raters and people differ most

Every figure is an ``Estimate``: a value with its 95 % interval, or the reason why there is none. An interval may be
missing beside a value: where no resample differs from it, or too many leave the figure undefined.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from guardrank.metrics import Estimate

By = Literal["all", "dimension", "subtask", "lang", "model", "length", "refusal"]
Outcome = Literal["ahead", "behind", "undecided"]


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFile(_Result):
    """One input of the study, by name and content."""

    name: str
    sha256: str
    rows: int


class Rater(_Result):
    """Who answered: a judge, or a human annotator.

    Attributes:
        name: short and unique within the study: ``gpt-4``, ``ours``.
        spec: as the user wrote it: ``column:gpt-4``, ``file:verdicts.jsonl``.
        judge: name and content hash, as the verdicts carry it.
        answered: rows with a score.
        failures: reason -> how many rows have no score for it.
        abstained: rows with a score that the judge abstained from (they count in every figure but coverage).
        facts: what else is known of it (dollars, tokens, model snapshot), shown as given.
    """

    name: str
    spec: str
    judge: str
    answered: int
    failures: dict[str, int]
    abstained: int = 0
    facts: dict[str, Any] = {}


class Agreement(_Result):
    """One rater against another's labels (people's, unless said) on the rows of a slice that both labelled.

    Attributes:
        rater: whose scores.
        n: rows with a label and a score.
        missing: rows with a label but no score: they are in no figure below.
        clusters: how many prompts (or images) those rows come from.
        positives: labels above 0.
        undecided: why no conclusion should be drawn (under 30 clusters, under 20 positives), None if it may be.
        majority: accuracy of always giving the commonest label.
        kappa: undefined, not 0, where every label is the same; so are ``weighted_kappa`` and ``macro_f1``.
        confusion: [label][score] counts.
    """

    rater: str
    n: int
    missing: int
    clusters: int
    positives: int
    undecided: str | None
    majority: Estimate
    accuracy: Estimate
    macro_f1: Estimate
    kappa: Estimate
    weighted_kappa: Estimate
    alpha: Estimate
    spearman: Estimate
    mae: Estimate
    confusion: list[list[int]]


class Comparison(_Result):
    """Rater against rater on the rows that both scored: paired bootstrap over clusters.

    Attributes:
        difference: of ``metric``, first minus second.
        outcome: of ``first``: ``ahead`` where the interval lies above zero; ``undecided`` where it holds zero, or
            where the slice is too small to conclude from.
        p: two-sided, from the same resamples.
        more_clusters: how many more annotated clusters like these would settle an undecided difference of this
            size, at even odds (an interval narrows with the root of their number); None if decided or no telling.
    """

    first: str
    second: str
    metric: Literal["kappa", "weighted_kappa", "accuracy"]
    n: int
    difference: Estimate
    outcome: Outcome
    p: float | None
    more_clusters: int | None


class Slice(_Result):
    """The rows that share a value of ``by``, or all.

    Attributes:
        humans: each pair of annotators, the ceiling: ``rater`` is ``first / second``; empty where one annotated.
    """

    by: By
    value: str
    rows: int
    agreements: list[Agreement]
    humans: list[Agreement]
    comparisons: list[Comparison]


class Bin(_Result):
    """Verdicts of like confidence: how many, how sure on average, and how often right."""

    n: int
    confidence: float
    accuracy: float


class Calibration(_Result):
    """Does a rater's confidence say how often it is right? Expected calibration error over ``bins``."""

    rater: str
    n: int
    ece: Estimate
    bins: list[Bin]


class CoveragePoint(_Result):
    """Answering only the ``coverage`` share of rows that the rater is surest of."""

    coverage: float
    accuracy: Estimate
    kappa: Estimate


class Coverage(_Result):
    """The accuracy-coverage curve of a rater with confidences, and where its own abstention puts it."""

    rater: str
    points: list[CoveragePoint]
    own: CoveragePoint | None


class Favour(_Result):
    """Mean score that a rater gives a model's responses minus what people give them: below 0, it is lenient.

    Attributes:
        bias: rater minus people, mean over the model's rows, on the labels' scale.
        relative: ``bias`` minus the rater's bias on all other models' rows: its favour or disfavour.
        own_family: whether rater and model are of one family by their names (``gpt-4`` and ``GPT4``).
    """

    rater: str
    model: str
    n: int
    clusters: int
    bias: Estimate
    relative: Estimate
    own_family: bool
    undecided: str | None


class Disagreement(_Result):
    """A row on which raters and people differ most; its texts are hostile input."""

    id: str
    dimension: str
    model: str | None
    prompt: str
    response: str
    reference: str | None
    label: int
    scores: dict[str, int | None]
    distance: float


class Study(_Result):
    """Everything that one study found."""

    format: Literal[1] = 1
    question: str
    title: str
    classes: list[str]
    data: list[DataFile]
    rows: int
    clusters: int
    unlabelled: int
    rejected: int
    raters: list[Rater]
    slices: list[Slice]
    calibration: list[Calibration]
    coverage: list[Coverage]
    favour: list[Favour]
    disagreements: list[Disagreement]
    resamples: int
    seed: int
    command: str
    created: str
    versions: dict[str, str]
