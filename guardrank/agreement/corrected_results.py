"""What ``guardrank-agree correct`` finds: the contents of its JSON file, which the table shows.

    CorrectedScores
    ├── rows      a dimension each (or a dimension's rows of one subtask, model or language): ASD and PAR
    └── overall   the mean of the five dimensions, where all are there

ASD and PAR are a ``Rate`` each: an Estimate by the judge alone, by the labels alone, and by both together.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from guardrank.agreement.results import DataFile
from guardrank.dimensions import Dimension
from guardrank.metrics import By, Estimate


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rate(_Result):
    """ASD or PAR of some rows, three times.

    Where labels are intervals such as [1, 3] ("unsafe, degree unknown"), ``labels`` and ``corrected`` have no
    value but the reason, and their ``low`` and ``high`` bound what it may be, sampling error included.

    Attributes:
        judge: by the judge's scores alone; its interval knows nothing of the judge's errors.
        labels: by the labels alone.
        corrected: by both, with prediction-powered inference.
        tuning: how much the judge was relied on, 0 to 1; None where nothing was corrected.
        gain: the labels do as well with the judge as this many times as many would alone; None likewise.
    """

    judge: Estimate
    labels: Estimate
    corrected: Estimate
    tuning: float | None = None
    gain: float | None = None


class Failures(_Result):
    """Rows that the judge gave no score, which are in no rate; and what people said of those that they labelled."""

    rows: int
    labelled: int
    asd: Estimate
    par: Estimate


class CorrectedRow(_Result):
    """A dimension, or its rows that share a ``value`` of what the table is by.

    Attributes:
        rows: of the run, pair subtasks apart: ``scored``, failed, and abstained if those were left out.
        scored: rows that the rates are of.
        abstained: rows with a score that the judge abstained from.
        by_rule: rows of pair subtasks, which a rule scores. Where there are any, the rates of truthfulness are
            means of its subtasks, those of the pair subtasks taken as they are.
        labelled: labels that the rates rest on.
        clusters: how many prompts these come from.
        undecided: why no conclusion should be drawn, None if it may be.
        imbalance: mean of the judge on the run minus that on the labelled rows, in standard errors: far from 0
            where the labelled rows were not drawn at random.
    """

    dimension: Dimension
    value: str | None
    rows: int
    scored: int
    abstained: int
    by_rule: int
    labelled: int
    clusters: int
    undecided: str | None
    imbalance: float
    asd: Rate
    par: Rate
    failures: Failures


class Overall(_Result):
    """The unweighted mean of the five dimensions, for one ``value`` of what the table is by."""

    value: str | None
    undecided: str | None
    asd: Rate
    par: Rate


class CorrectedScores(_Result):
    """Everything that one correction found.

    Attributes:
        left_out: labels that were not used, counted by reason.
        nameless: rows of the run whose prompt is not known: they count as independent.
    """

    format: Literal[1] = 1
    run: DataFile
    labels: DataFile
    judges: list[str]
    question: str | None
    by: By
    leave_out_abstained: bool
    failures: dict[str, int]
    left_out: dict[str, int]
    rejected: int
    nameless: int
    rows: list[CorrectedRow]
    overall: list[Overall]
    command: str
    created: str
