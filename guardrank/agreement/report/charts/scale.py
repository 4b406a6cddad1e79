"""Scale: from values to positions, and the round values at which an axis is labelled."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from guardrank.agreement.report.numbers import decimal, is_number


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high`` lie at positions from ``start`` to ``end``, in proportion.

    Raises:
        ValueError: ``low`` is not below ``high``.
    """

    low: float
    high: float
    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"no scale runs from {self.low} to {self.high}")

    @classmethod
    def over(
        cls,
        values: Iterable[float | None],
        start: float,
        end: float,
        include: tuple[float, float] = (0.0, 1.0),
    ) -> Self:
        """The scale of ``include`` and all ``values`` that are numbers."""
        known = [value for value in values if is_number(value)]
        return cls(min([include[0], *known]), max([include[1], *known]), start, end)

    def __call__(self, value: float) -> float:
        """The position of ``value``, held within the scale."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    @property
    def step(self) -> float:
        """From one tick to the next: 1, 2 or 5 times a power of ten, for at most seven ticks."""
        rough = (self.high - self.low) / 6
        power = 10.0 ** math.floor(math.log10(rough))
        return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))

    @property
    def ticks(self) -> list[float]:
        """The multiples of ``step`` on the scale."""
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return [number * self.step for number in range(first, last + 1)]

    def tick_text(self, tick: float, *, sign: bool = False) -> str:
        """``tick`` with as many decimals as ``step`` has."""
        return decimal(tick, max(0, -math.floor(math.log10(self.step) + 1e-9)), sign=sign)
