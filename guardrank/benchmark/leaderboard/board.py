"""Board: everything that a leaderboard shows, as its JSON file holds it.

    Board
    ├── models        a run each: its place, its rates by group, what failed
    ├── differences   every two models, on the same resamples
    └── attacks       what each attack changes, clean case against its twin

An ``Estimate`` has a value with its 95 % interval, or the reason why it has none.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from guardrank.agreement.corrected_results import CorrectedRow
from guardrank.dimensions import Dimension
from guardrank.metrics import Estimate

GroupBy = Literal["dimension", "subtask", "lang", "attack"]
OVERALL = "overall"


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rates(_Result):
    """ASD and PAR of a model's rows of one dimension, or of those of them that share a ``value``.

    Attributes:
        by: what the rows share beside the dimension; ``dimension`` for all of it.
        n: rows; ``n = scored + failed`` and those that the judge abstained from, unless these count.
        failed: without response, or without score.
        note: in words, what was left out.
    """

    dimension: Dimension
    by: GroupBy
    value: str | None
    n: int
    scored: int
    abstained: int
    failed: int
    truncated: int
    asd: Estimate
    par: Estimate
    note: str = ""


class Place(_Result):
    """Where a model can stand, 1 for the lowest ASD: ``best`` and ``worst`` are equal where all is decided."""

    best: int
    worst: int

    def __str__(self) -> str:
        return f"{self.best}" if self.best == self.worst else f"{self.best}-{self.worst}"


class ModelResult(_Result):
    """One run.

    Attributes:
        run: name of its folder.
        asd: overall, the unweighted mean of ``Board.shared`` dimensions.
        places: by dimension, and ``overall``; empty where there is one model.
        failures: why cases have no response or no score -> cases.
        cut: responses that ran into the token limit.
        corrected: by dimension, with people's labels; empty without.
    """

    model: str
    run: str
    spec: str
    cases: int
    answered: int
    cut: int
    failures: dict[str, int]
    asd: Estimate
    par: Estimate
    places: dict[str, Place] = Field(default_factory=dict)
    rates: list[Rates]
    corrected: list[CorrectedRow] = Field(default_factory=list)
    facts: dict[str, Any] = Field(default_factory=dict)

    def rates_of(self, dimension: Dimension) -> Rates | None:
        """The rates of a whole dimension."""
        return next((one for one in self.rates if one.by == "dimension" and one.dimension is dimension), None)


class Difference(_Result):
    """Overall ASD of ``first`` minus that of ``second``, resampled together.

    Attributes:
        p: two-sided, Holm-corrected over all pairs of models.
    """

    first: str
    second: str
    asd: Estimate
    p: float | None

    @property
    def is_decided(self) -> bool:
        """Whether the two can be told apart."""
        return self.p is not None and self.p < 0.05


class AttackEffect(_Result):
    """What an attack changes: score / top score of the twin minus that of the clean case.

    Attributes:
        pairs: in which both were scored.
        unpaired: twins without that.
        clean, attacked: ASD of the two halves of ``pairs``.
    """

    model: str
    attack: str
    dimension: Dimension
    pairs: int
    unpaired: int
    clean: float | None
    attacked: float | None
    change: Estimate


class Board(_Result):
    """A leaderboard.

    Attributes:
        shared: the dimensions that every model has rates in, which overall is the mean of.
        compat: ``mllmguard`` where the reference's defects are reproduced.
    """

    format: Literal[1] = 1
    judge: str
    compat: str | None
    include_abstained: bool
    shared: list[Dimension]
    models: list[ModelResult]
    differences: list[Difference]
    attacks: list[AttackEffect]
    labels: str | None = None
    versions: dict[str, str]
    command: str
    created: str
