"""A trained GuardRank judge: encoder + engine (+ n-grams) + calibration, from records to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from guardrank.calibration import decide, expected_score, probabilities, relu_argmax, sureness
from guardrank.dimensions import Dimension
from guardrank.engine import Encoder
from guardrank.engine.ngrams import NGramReader
from guardrank.judge.manifest import Manifest, Output
from guardrank.judge.protocol import windows
from guardrank.records import UNSUPPORTED_DIMENSION, Record, Verdict, failed


class Engine(Protocol):
    """What computes logits: shape (rows, width), in the order of ``ids``."""

    def logits(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Logits of the rows."""
        ...


class Decoded(NamedTuple):
    """Probabilities (n, classes), scores (n,), how sure it is of each (n,), and whether it abstains (n,).

    Where a logit is not finite the row's probabilities are NaN, and its score means nothing.
    """

    probs: NDArray[np.float64]
    scores: NDArray[np.int64]
    sure: NDArray[np.float64]
    abstained: NDArray[np.bool_]


def decode_output(output: Output, logits: NDArray[np.floating]) -> Decoded:
    """What one dimension's calibration makes of all logits, shape (n, at least output's last column)."""
    calibration = output.calibration
    own = logits[:, output.columns]
    # an infinite logit would decode to a confident score
    own = np.where(np.isfinite(own).all(axis=1, keepdims=True), own, np.nan)
    probs = probabilities(own, output.link, calibration.temperature, calibration.bias or 0.0)
    scores = (
        relu_argmax(own)
        if calibration.decode == "relu_argmax"
        else decide(probs, calibration.thresholds or None, calibration.decode)
    )
    sure = sureness(probs, scores, calibration.sure_of)
    return Decoded(probs, scores, sure, sure < calibration.abstain_below)


class HeadJudge:
    """The judge in a judge folder.

    Args:
        folder: where it was loaded from, None where it is none yet.
    """

    def __init__(
        self,
        manifest: Manifest,
        encoder: Encoder,
        engine: Engine,
        content_hash: str,
        variant: str = "torch",
        ngrams: NGramReader | None = None,
        folder: Path | None = None,
    ) -> None:
        self.manifest = manifest
        self.encoder = encoder
        self.engine = engine
        self.content_hash = content_hash
        self.variant = variant
        self.ngrams = ngrams
        self.folder = folder

    @property
    def name(self) -> str:
        """The folder's name and the first 16 digits of its hash."""
        return f"{self.manifest.name}@{self.content_hash[:16]}"

    @property
    def dimensions(self) -> frozenset[Dimension]:
        """The dimensions that it has an output for."""
        return frozenset(output.dimension for output in self.manifest.outputs)

    def score(self, records: Iterable[Record]) -> Iterator[Verdict]:
        """Verdicts in order, a window of records at a time."""
        for window in windows(records):
            yield from self._score_window(window)

    def logits(self, records: Sequence[Record]) -> tuple[NDArray[np.float32], list[bool]]:
        """Logits of shape (records, manifest.width), and whether the transformer saw only a part of each record."""
        encoded = self.encoder.encode(records)
        logits = self.engine.logits([row.ids for row in encoded])
        if self.ngrams and encoded:
            logits = logits + self.ngrams.logits(records)
        return logits, [row.truncated for row in encoded]

    def _score_window(self, window: list[Record]) -> list[Verdict]:
        known = self.dimensions
        fit = [i for i, record in enumerate(window) if record.dimension in known]
        logits, truncated = self.logits([window[i] for i in fit])
        verdicts: dict[int, Verdict] = {}
        for output in self.manifest.outputs:
            rows = [n for n, i in enumerate(fit) if window[i].dimension == output.dimension]
            if rows:
                places = [fit[n] for n in rows]
                judged = self._verdicts(
                    output, [window[i] for i in places], [truncated[n] for n in rows], logits[rows]
                )
                verdicts.update(zip(places, judged, strict=True))
        return [
            verdicts.get(i) or failed(record, self.name, UNSUPPORTED_DIMENSION) for i, record in enumerate(window)
        ]

    def _verdicts(
        self, output: Output, records: list[Record], truncated: list[bool], logits: NDArray[np.float32]
    ) -> list[Verdict]:
        probs, scores, _, abstained = decode_output(output, logits)
        decoded = zip(
            probs.tolist(), scores.tolist(), expected_score(probs).tolist(), abstained.tolist(), strict=True
        )
        return [
            self._verdict(record, row, *said) for record, row, said in zip(records, truncated, decoded, strict=True)
        ]

    def _verdict(
        self,
        record: Record,
        truncated: bool,
        probs: list[float],
        score: int,
        expected: float,
        abstained: bool,
    ) -> Verdict:
        if not all(map(isfinite, probs)):
            return failed(record, self.name, "not_a_number")
        confidence = max(probs)
        return Verdict(
            id=record.id,
            score=score,
            expected=round(expected, 6),
            probs=tuple([round(p, 6) + 0.0 for p in probs]),  # + 0.0: none is shown as -0.0
            confidence=round(confidence, 6),
            abstained=abstained,
            truncated=truncated,
            judge=self.name,
        )
