"""What the inputs of a model's linear layers look like on real rows: the range of every channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from guardrank.serve.graphs.encoder import Channels


def input_ranges(model: Any, ids: Sequence[Sequence[int]]) -> dict[str, Channels]:
    """By module name, the smallest and the largest value of each input channel over the token ids given."""
    import torch

    ranges: dict[str, Channels] = {}
    linear = {name: part for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)}
    hooks = [part.register_forward_pre_hook(_watch(name, ranges)) for name, part in linear.items()]
    try:
        with torch.inference_mode():
            for row in ids:
                rows = torch.tensor([list(row)])
                model(input_ids=rows, attention_mask=torch.ones_like(rows))
    finally:
        for hook in hooks:
            hook.remove()
    return ranges


def _watch(name: str, ranges: dict[str, Channels]) -> Callable[[Any, Any], None]:
    def look(_: Any, inputs: Any) -> None:
        rows = inputs[0].detach().float().flatten(0, -2).numpy()
        low, high = rows.min(axis=0), rows.max(axis=0)
        if name in ranges:
            low, high = np.minimum(low, ranges[name][0]), np.maximum(high, ranges[name][1])
        ranges[name] = (low, high)

    return look
