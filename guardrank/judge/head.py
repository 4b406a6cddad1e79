"""A trained GuardRank judge: encoder + engine + calibration, from records to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from guardrank.calibration import decide, expected_score, probabilities
from guardrank.dimensions import Dimension
from guardrank.engine import Encoded, Encoder
from guardrank.judge.manifest import Manifest, Output
from guardrank.judge.protocol import windows
from guardrank.records import UNSUPPORTED_DIMENSION, Record, Verdict, failed


class Engine(Protocol):
    """What computes logits: shape (rows, width), in the order of ``ids``."""

    def logits(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Logits of the rows."""
        ...


class HeadJudge:
    """The judge in a judge folder."""

    def __init__(self, manifest: Manifest, encoder: Encoder, engine: Engine, content_hash: str) -> None:
        self.manifest = manifest
        self.encoder = encoder
        self.engine = engine
        self.content_hash = content_hash

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

    def _score_window(self, window: list[Record]) -> list[Verdict]:
        known = self.dimensions
        fit = [i for i, record in enumerate(window) if record.dimension in known]
        encoded = self.encoder.encode([window[i] for i in fit])
        logits = self.engine.logits([row.ids for row in encoded])
        verdicts: dict[int, Verdict] = {}
        for output in self.manifest.outputs:
            rows = [n for n, i in enumerate(fit) if window[i].dimension == output.dimension]
            if rows:
                places = [fit[n] for n in rows]
                judged = self._verdicts(
                    output, [window[i] for i in places], [encoded[n] for n in rows], logits[rows]
                )
                verdicts.update(zip(places, judged, strict=True))
        return [
            verdicts.get(i) or failed(record, self.name, UNSUPPORTED_DIMENSION) for i, record in enumerate(window)
        ]

    def _verdicts(
        self, output: Output, records: list[Record], encoded: list[Encoded], logits: NDArray[np.float32]
    ) -> list[Verdict]:
        calibration = output.calibration
        own = logits[:, output.columns]
        # an infinite logit would decode to a confident score
        own = np.where(np.isfinite(own).all(axis=1, keepdims=True), own, np.nan)
        probs = probabilities(own, output.link, calibration.temperature, calibration.bias or 0.0)
        scores = decide(probs, calibration.thresholds or None, calibration.decode)
        decoded = zip(probs.tolist(), scores.tolist(), expected_score(probs).tolist(), strict=True)
        return [
            self._verdict(record, row, *said, calibration.abstain_below)
            for record, row, said in zip(records, encoded, decoded, strict=True)
        ]

    def _verdict(
        self,
        record: Record,
        encoded: Encoded,
        probs: list[float],
        score: int,
        expected: float,
        abstain_below: float,
    ) -> Verdict:
        if not all(map(isfinite, probs)):
            return failed(record, self.name, "not_a_number")
        confidence = max(probs)
        return Verdict(
            id=record.id,
            score=score,
            expected=round(expected, 6),
            probs=tuple([round(p, 6) for p in probs]),
            confidence=round(confidence, 6),
            abstained=confidence < abstain_below,
            truncated=encoded.truncated,
            judge=self.name,
        )
