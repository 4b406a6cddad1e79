"""Draws: sampling that depends on the seed and the ask alone, whatever the batch and the device."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch

from guardrank.benchmark.models.base import ModelOptions


class Draws:
    """Makes greedy decoding draw: the largest of logits / temperature + Gumbel noise is a sample of the softmax.

    Each ask has a generator of its own, from the seed and its id, on the CPU: its draws depend on no other ask and
    on no device.
    """

    def __init__(self, options: ModelOptions, ids: Sequence[str]) -> None:
        self.temperature = options.temperature
        seeds = [hashlib.sha256(f"{options.seed}:{id_}".encode()).digest()[:7] for id_ in ids]
        self.generators = [torch.Generator().manual_seed(int.from_bytes(seed, "big")) for seed in seeds]

    def __call__(self, _ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores of shape (asks, vocabulary) in float32, with noise."""
        waits = [torch.empty(scores.shape[1]).exponential_(generator=each) for each in self.generators]
        return scores.float() / self.temperature - torch.stack(waits).log().to(scores.device)
