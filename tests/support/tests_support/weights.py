"""Weights of a model in memory, as the decoder graph takes them."""

from collections.abc import Mapping
from typing import Any


class ModuleWeights:
    """The tensors of a state dict, in float32."""

    def __init__(self, state_dict: Mapping[str, Any]) -> None:
        self._tensors = state_dict

    def get(self, name: str):
        return self._tensors[name].detach().float().numpy()
