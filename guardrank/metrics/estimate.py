"""Estimate: the value of a metric with its 95 % interval, or None and the reason why there is none.

A metric that nothing was measured for is a result of its own, never a crash and never a zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Estimate:
    """A metric's value over ``n`` observations.

    Args:
        value: the value, None where it is undefined.
        n: how many observations went in (rows, or pairs for the pair metrics).
        low: lower end of the 95 % interval, None where no interval is given.
        high: upper end of it.
        undefined: why there is no value, such as ``"no scores"``; None where there is one.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    undefined: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) != (self.undefined is not None):
            raise ValueError("an estimate has either a value or the reason why it has none")
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has two ends")

    @classmethod
    def nothing(cls, reason: str, n: int = 0) -> Self:
        """The estimate of a metric that is undefined, and why."""
        return cls(None, n, undefined=reason)

    def because(self, where: str) -> Estimate:
        """This, with ``where`` put in front of the reason if it is undefined: ``legality: no scores``."""
        return self if self.undefined is None else replace(self, undefined=f"{where}: {self.undefined}")

    def complement(self) -> Estimate:
        """One minus this, its interval mirrored; stays undefined for the same reason."""
        return self.scaled(-1.0, 1.0)

    def scaled(self, factor: float, offset: float = 0.0) -> Estimate:
        """``offset + factor * self``, value and interval alike."""
        if self.value is None:
            return self
        value = offset + factor * self.value
        if self.low is None or self.high is None:
            return Estimate(value, self.n)
        low, high = sorted((offset + factor * self.low, offset + factor * self.high))
        return Estimate(value, self.n, low, high)
