"""Variants of a judge's weights: as trained (torch), and exported to ONNX at several precisions.

torch  adapter and head on the base, or the whole model; needs the train extra
fp32   model.onnx        the merged model as optimum exports it
int8   model_int8.onnx   8-bit weights in a graph of our own
int4   model_int4.onnx   4-bit weights, for LLaMA
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guardrank.engine.onnx_engine import OnnxEngine
from guardrank.errors import UsageError
from guardrank.judge.manifest import Manifest

TORCH = "torch"


@dataclass(frozen=True)
class OnnxVariant:
    """An export and how it wants to be run.

    Attributes:
        own_graph: written by guardrank: it is run as it is, and its rows may share a batch.
    """

    file: str
    own_graph: bool = True

    def open(self, folder: Path, threads: int | None = None) -> OnnxEngine:
        """The engine over the export in ``folder``."""
        return OnnxEngine(
            folder / self.file,
            threads=threads,
            optimize=not self.own_graph,
            max_rows=None if self.own_graph else 1,
        )


ONNX_VARIANTS: Mapping[str, OnnxVariant] = {
    "int8": OnnxVariant("model_int8.onnx"),
    "int4": OnnxVariant("model_int4.onnx"),
    "fp32": OnnxVariant("model.onnx", own_graph=False),
}
"""The exports, the one that is taken first in front."""


def choose_variant(manifest: Manifest, wanted: str | None, device: str | None) -> str:
    """The variant to load: the wanted one; on a CPU the first export there is; torch otherwise.

    Raises:
        UsageError: the judge has no such variant.
    """
    if wanted not in (None, "auto"):
        if wanted not in manifest.weights:
            there = ", ".join(sorted(manifest.weights))
            raise UsageError(
                f"judge {manifest.name} has no {wanted} variant, only {there}: make it with guardrank-export"
            )
        return str(wanted)
    if device in (None, "cpu", "auto"):
        for name in ONNX_VARIANTS:
            if name in manifest.weights:
                return name
    return TORCH
