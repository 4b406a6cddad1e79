"""Opinions: what a judge's verdicts say about how much a label would teach.

failed > abstained > others by the entropy of their probabilities;    neither judge nor verdict: no opinion
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, log
from typing import NamedTuple

from guardrank.judge.recorded import NO_VERDICT
from guardrank.records import UNSUPPORTED_DIMENSION, Verdict

_UNKNOWN = 0.5
"""Stands for the uncertainty of a verdict without probabilities: neither first nor last."""


class Opinion(NamedTuple):
    """What is kept of a verdict.

    Attributes:
        uncertainty: 0 sure to 1 no idea: entropy over its maximum; where there are no probabilities, 1 minus
            the confidence; None without either.
        error: why it has no score.
    """

    score: int | None
    uncertainty: float | None
    confidence: float | None
    abstained: bool
    error: str | None
    judge: str

    @property
    def rank(self) -> float:
        """Higher is more uncertain; only the order has a meaning."""
        if self.error is not None:
            return 3.0
        return (_UNKNOWN if self.uncertainty is None else self.uncertainty) + 1.5 * self.abstained


def opinion_of(verdict: Verdict) -> Opinion | None:
    """The opinion in a verdict; None where the judge does not know the dimension, or never saw the row."""
    if verdict.error in (UNSUPPORTED_DIMENSION, NO_VERDICT):
        return None
    return Opinion(
        score=verdict.score,
        uncertainty=_uncertainty(verdict),
        confidence=verdict.confidence,
        abstained=verdict.abstained,
        error=verdict.error,
        judge=verdict.judge,
    )


def _uncertainty(verdict: Verdict) -> float | None:
    if verdict.probs and (entropy := relative_entropy(verdict.probs)) is not None:
        return entropy
    confidence = verdict.confidence
    return None if confidence is None or not 0 <= confidence <= 1 else 1 - confidence


def relative_entropy(probs: Sequence[float]) -> float | None:
    """Shannon entropy over its maximum, in [0, 1]; None for what is no distribution over several classes."""
    total = sum(probs)
    if len(probs) < 2 or not isfinite(total) or total <= 0 or min(probs) < 0:
        return None
    shares = [p / total for p in probs]
    return min(max(-sum(p * log(p) for p in shares if p > 0) / log(len(shares)), 0.0), 1.0)
