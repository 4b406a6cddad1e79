"""Where a decoder's weights come from: files on disk, one tensor at a time.

    base shards --round to the base's dtype--> W --+--> W + scale * B @ A in float32 --> the graph
    adapter file ---------------------------> A, B-+

Nothing is kept: a 7B model passes through with one tensor in memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from guardrank.errors import JudgeError
from guardrank.judge.base import weight_files
from guardrank.judge.torch_loading import ADAPTER_FILE

Floats = NDArray[np.float32]

_ADAPTER_CONFIG = "adapter_config.json"
_ADAPTER_PREFIX = "base_model.model."
_OTHER_SUMS = ("alpha_pattern", "fan_in_fan_out", "lora_bias", "rank_pattern", "use_dora", "use_rslora")
"""Settings of PEFT under which an adapter adds something else than ``alpha / r * B @ A``."""


class Weights(Protocol):
    """Tensors by their name in a LlamaForSequenceClassification (``model.norm.weight``, ``score.weight``)."""

    def get(self, name: str) -> Floats:
        """The tensor in float32; linear layers are (out, in)."""


class FolderWeights:
    """The tensors of a folder of safetensors, with a LoRA adapter merged into them in float32.

    Args:
        base: folder of the base model, or of a whole judge.
        adapter: folder with the adapter and the head, None where ``base`` has the head too.
        dtype: what the torch judge rounds everything to but the adapter's factors.

    Raises:
        JudgeError: a file or a tensor is missing, or the adapter is of another kind than LoRA.
    """

    def __init__(self, base: Path, adapter: Path | None = None, *, dtype: str = "float32") -> None:
        self._base = base
        self._dtype = dtype
        self._places = _find_tensors(weight_files(base))
        self._factors = {} if adapter is None else _find_tensors([adapter / ADAPTER_FILE])
        self._scale = 0.0 if adapter is None else _lora_scale(adapter / _ADAPTER_CONFIG)

    def get(self, name: str) -> Floats:
        """The tensor in float32, adapter included."""
        whole = _ADAPTER_PREFIX + name
        if whole in self._factors:  # saved whole: the head
            return _to_numpy(self._round(_read(self._factors, whole)))
        weight = _to_numpy(self._round(_read(self._places, self._base_name(name))))
        stem = whole.removesuffix(".weight")
        down, up = f"{stem}.lora_A.weight", f"{stem}.lora_B.weight"
        if down in self._factors:
            factors = _to_numpy(_read(self._factors, up)), _to_numpy(_read(self._factors, down))
            weight = weight + np.float32(self._scale) * (factors[0] @ factors[1])
        return weight

    def _base_name(self, name: str) -> str:
        """The base's own name: one saved without a head has no ``model.`` in front."""
        for candidate in (name, name.removeprefix("model.")):
            if candidate in self._places:
                return candidate
        raise JudgeError(f"{self._base} holds no {name} in safetensors: save the model with save_pretrained again")

    def _round(self, tensor: Any) -> Any:
        import torch

        return tensor.to(getattr(torch, self._dtype))


def _find_tensors(files: list[Path]) -> dict[str, Path]:
    """Tensor name -> file."""
    from safetensors import safe_open

    places: dict[str, Path] = {}
    for file in files:
        if file.suffix != ".safetensors":
            raise JudgeError(f"{file} is no safetensors file: load the model and save it with save_pretrained")
        with safe_open(file, framework="pt") as tensors:
            places.update(dict.fromkeys(tensors.keys(), file))
    return places


def _read(places: Mapping[str, Path], name: str) -> Any:
    """One tensor; the file is closed again, for what is mapped counts as memory of the process."""
    from safetensors import safe_open

    with safe_open(places[name], framework="pt") as tensors:
        return tensors.get_tensor(name)


def _lora_scale(file: Path) -> float:
    """What ``B @ A`` is multiplied by."""
    config = json.loads(file.read_text(encoding="utf-8"))
    odd = [name for name in _OTHER_SUMS if config.get(name)]
    if config.get("peft_type") != "LORA" or config.get("bias", "none") != "none" or odd:
        kind = ", ".join(odd) or f"{config.get('peft_type')} with bias {config.get('bias')}"
        raise JudgeError(f"{file}: an adapter with {kind} cannot be merged here, only plain LoRA without biases")
    return float(config["lora_alpha"]) / float(config["r"])


def _to_numpy(tensor: Any) -> Floats:
    values: Floats = tensor.detach().float().numpy()
    return values
