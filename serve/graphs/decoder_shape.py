"""DecoderShape: the sizes of a LLaMA classifier, and which configurations the graph can stand for."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from guardrank.errors import JudgeError

_FIXED = {"model_type": "llama", "hidden_act": "silu", "attention_bias": False, "mlp_bias": False}
"""What the graph has built in; a configuration that says otherwise is refused."""


class DecoderShape(NamedTuple):
    """Sizes of the model; ``heads`` of the queries share ``key_heads`` of the keys and values."""

    layers: int
    heads: int
    key_heads: int
    head_size: int
    positions: int
    rope_base: float
    norm_epsilon: float

    @classmethod
    def from_config(cls, config: Any) -> Self:
        """The shape in a transformers LlamaConfig; raises JudgeError where the graph would be another model."""
        for name, wanted in _FIXED.items():
            if (found := getattr(config, name, wanted)) != wanted:
                raise JudgeError(f"this model cannot be exported: its {name} is {found}, only {wanted} is known")
        scaling = getattr(config, "rope_scaling", None) or {}
        if (kind := scaling.get("rope_type", scaling.get("type", "default"))) != "default":
            raise JudgeError(f"this model cannot be exported: its rope_scaling is {kind}, only default is known")
        return cls(
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            key_heads=config.num_key_value_heads or config.num_attention_heads,
            head_size=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
            positions=config.max_position_embeddings,
            rope_base=float(config.rope_theta),
            norm_epsilon=float(config.rms_norm_eps),
        )

    def rotations(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Cosines and sines of the rotary embedding, each (positions made even, head_size / 2)."""
        steps = np.arange(0, self.head_size, 2, dtype=np.float32) / np.float32(self.head_size)
        frequencies = (1 / np.float32(self.rope_base) ** steps).astype(np.float32)
        angles = np.outer(np.arange(self.positions + self.positions % 2, dtype=np.float32), frequencies)
        return np.cos(angles), np.sin(angles)
