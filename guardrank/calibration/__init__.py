"""Ordinal decoding, temperature, thresholds, abstention: numpy only, fitted by guardrank.train."""

from guardrank.calibration.decoding import (
    Decode,
    Link,
    SureOf,
    decide,
    exceedance,
    expected_score,
    logit_count,
    probabilities,
    relu_argmax,
    sureness,
)

__all__ = [
    "Decode",
    "Link",
    "SureOf",
    "decide",
    "exceedance",
    "expected_score",
    "logit_count",
    "probabilities",
    "relu_argmax",
    "sureness",
]
