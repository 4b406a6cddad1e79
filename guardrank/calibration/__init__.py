"""Ordinal decoding, temperature, thresholds, abstention: numpy only, fitted by guardrank.train."""

from guardrank.calibration.decoding import (
    Decode,
    Link,
    decide,
    exceedance,
    expected_score,
    logit_count,
    probabilities,
)

__all__ = ["Decode", "Link", "decide", "exceedance", "expected_score", "logit_count", "probabilities"]
