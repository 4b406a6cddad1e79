"""GuardRank: a judge that guardrank-export exported, its encoder and engine used as HeadJudge uses them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from throughput_rows import Row

from contenders.contender import Contender, Logits, Place, Setting
from guardrank import load_judge
from guardrank.judge import read_manifest
from guardrank.judge.protocol import windows
from guardrank.records import Record


class GuardRankInt8(Contender):
    """Variant int8, in windows as ``HeadJudge.score`` takes them; rendering is on the clock too."""

    packages = ("guardrank", "onnxruntime", "tokenizers")
    variant: ClassVar[str] = "int8"

    def __init__(self, place: Place, setting: Setting) -> None:
        self._judge = load_judge(place.judge, variant=self.variant, threads=place.threads)

    @classmethod
    def build(cls, place: Place) -> None:
        if cls.variant in read_manifest(place.judge).weights:
            return
        command = [sys.executable, "-m", "guardrank.serve.export", str(place.judge)]
        command += ["--precision", cls.variant, "--accept"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise RuntimeError(f"guardrank-export: {result.stderr.strip() or result.stdout.strip()}")

    def logits(self, rows: Sequence[Row]) -> Logits:
        return np.concatenate([self._score(window) for window in windows(row.record for row in rows)])

    def _score(self, window: Sequence[Record]) -> Logits:
        encoded = self._judge.encoder.encode(window)
        return self._judge.engine.logits([row.ids for row in encoded])


class GuardRankFloat32(GuardRankInt8):
    """Variant fp32."""

    variant = "fp32"
