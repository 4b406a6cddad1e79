"""The ways to score that throughput.py compares, by name; each is imported only in its own process."""

from __future__ import annotations

from importlib import import_module

from contenders.contender import Contender, Logits, Place, Setting, describe_setting

OURS = "guardrank-int8"
REFERENCE = "reference"
_CLASSES = {
    REFERENCE: "torch_loops.Reference",
    "transformers-pipeline": "torch_loops.Pipeline",
    "torch-fp32-sorted": "torch_loops.SortedFloat32",
    "torch-bf16-sorted": "torch_loops.SortedBfloat16",
    "cross-encoder-onnx": "cross_encoder.CrossEncoderOnnx",
    "openvino-bf16": "openvino_streams.OpenVinoBfloat16",
    "ctranslate2-int8": "ctranslate2_encoder.CTranslate2Int8",
    "onnxruntime-fp32": "onnx_runtime.OnnxRuntimeFloat32",
    "onnxruntime-int8": "onnx_runtime.OnnxRuntimeInt8",
    "guardrank-fp32": "ours.GuardRankFloat32",
    OURS: "ours.GuardRankInt8",
}
NAMES = tuple(_CLASSES)

__all__ = [
    "NAMES",
    "OURS",
    "REFERENCE",
    "Contender",
    "Logits",
    "Place",
    "Setting",
    "contender_class",
    "describe_setting",
]


def contender_class(name: str) -> type[Contender]:
    """The class behind ``name``."""
    module, _, attribute = _CLASSES[name].partition(".")
    found: type[Contender] = getattr(import_module(f"contenders.{module}"), attribute)
    return found
