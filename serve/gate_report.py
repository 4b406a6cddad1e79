"""GateReport: what an export changes in a judge's verdicts, in figures, and whether that is little enough.

flipped      the score is another one, or only one side gives a number
difference   of a row: the largest change of any of its probabilities
kappa        quadratic-weighted, against the human labels; over several dimensions their unweighted mean
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from guardrank.dimensions import Dimension
from guardrank.errors import GuardRankError

EXACT = 1e-3
"""How far an fp32 export may move a probability."""
DEFAULT_BOUND = 0.01
"""Share of the scores that an int8 or int4 export may flip."""


class Comparison(BaseModel):
    """Torch judge and export on the same rows; figures are rounded, and None where nothing defines them.

    Attributes:
        flipped_interval: Wilson's 95 % interval of the share, rows of one cluster being dependent.
        not_a_number: rows that one side or both give no number for; they are in no difference and no kappa.
        labelled: rows that the kappas are over.
        kappa_change_interval: 95 %, by a paired bootstrap of whole clusters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: int = Field(ge=1)
    flipped: int = Field(ge=0)
    flipped_share: float = Field(ge=0, le=1)
    flipped_interval: tuple[float, float]
    largest_difference: float | None
    mean_difference: float | None
    abstentions_changed: int = Field(ge=0)
    not_a_number: int = Field(ge=0)
    labelled: int = Field(ge=0)
    kappa_torch: float | None
    kappa_export: float | None
    kappa_change: float | None
    kappa_change_interval: tuple[float, float] | None

    def share(self) -> str:
        """``0.65 % [0.31, 1.33]`` of the scores flip."""
        low, high = (100 * end for end in self.flipped_interval)
        return f"{100 * self.flipped_share:.2f} % [{low:.2f}, {high:.2f}]"

    def numberless(self) -> str:
        """``no number for 3 rows``, or nothing."""
        if not self.not_a_number:
            return ""
        return f"no number for {self.not_a_number:,} row{'s' * (self.not_a_number != 1)}"

    def kappas(self) -> str:
        """``0.597 -> 0.595``, or ``undefined``."""
        if self.kappa_torch is None or self.kappa_export is None:
            return "undefined"
        return f"{self.kappa_torch:z.3f} -> {self.kappa_export:z.3f}"


class GateReport(Comparison):
    """The comparison over all rows.

    Attributes:
        dimensions: the same for the rows of each dimension that has any.
        unreadable: ids of the first rows without a number; ids come from data that may not be published, so
            they are in messages, and never in what is dumped.
    """

    dimensions: dict[Dimension, Comparison]
    unreadable: tuple[str, ...] = Field(default=(), exclude=True)

    def passes(self, bound: float = DEFAULT_BOUND) -> bool:
        """Whether at most ``bound`` of the scores flip, and every row has a number on both sides."""
        return not self.not_a_number and self.flipped / self.rows <= bound

    def surely_above(self, bound: float = DEFAULT_BOUND) -> list[Dimension]:
        """Dimensions whose own interval lies above ``bound``: a large one may hide them in the whole."""
        return [name for name, part in self.dimensions.items() if part.flipped_interval[0] > bound]

    def sentence(self, variant: str) -> str:
        """``int8 flips 7 of 1,082 scores (0.65 % [0.31, 1.33]), moves probabilities by at most 0.031...``."""
        parts = [f"{variant} flips {self.flipped:,} of {self.rows:,} scores ({self.share()})"]
        if self.largest_difference is not None:
            parts.append(f"moves probabilities by at most {self.largest_difference:.2g}")
        if self.kappa_change is not None:
            parts.append(f"kappa {self.kappas()}")
        if self.not_a_number:
            more = ", ..." if self.not_a_number > len(self.unreadable) else ""
            parts.append(f"{self.numberless()}: {', '.join(self.unreadable)}{more}")
        return ", ".join(parts)


class GateRefusedError(GuardRankError):
    """An export changes too many verdicts to be kept."""

    def __init__(self, variant: str, report: GateReport, bound: float) -> None:
        super().__init__(
            f"refused by the gate: {report.sentence(variant)}; at most {100 * bound:g} % may flip, and every row "
            "needs a number: export another precision (fp32 changes least), or keep this one with --accept"
        )
        self.report = report


def check_gate(variant: str, report: GateReport, *, bound: float = DEFAULT_BOUND, accept: bool = False) -> None:
    """Raise GateRefusedError where ``report`` does not pass, unless ``accept``.

    Nothing is rounded in fp32: one that moves a probability by more than EXACT is broken, whatever it flips.
    """
    is_broken = variant == "fp32" and (report.largest_difference or 0.0) > EXACT
    if not accept and (is_broken or not report.passes(bound)):
        raise GateRefusedError(variant, report, bound)
