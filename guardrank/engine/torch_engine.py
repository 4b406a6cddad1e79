"""The torch engine: batches of token ids through a sequence classifier to logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guardrank.engine.batching import batches_by_tokens
from guardrank.errors import MissingExtraError

if TYPE_CHECKING:
    import torch

CPU_TOKEN_BUDGET = 4096
GPU_TOKEN_BUDGET = 65536


def pick_device(name: str | None = None) -> str:
    """``name`` itself, or the accelerator that is there, or ``cpu``; raises MissingExtraError without torch."""
    try:
        import torch
    except ImportError:
        raise MissingExtraError("a judge without an export (guardrank-export makes one)", "train") from None
    if name not in (None, "auto"):
        return str(name)
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class TorchEngine:
    """Logits of token ids. On a CPU it computes in float32, so that a row's score hardly feels its batch.

    Args:
        model: a sequence classifier in evaluation mode.
        pad_id: token id that fills the shorter rows of a batch.
    """

    def __init__(self, model: Any, *, pad_id: int, device: str = "cpu", token_budget: int | None = None) -> None:
        self.model = model.to(device).eval()
        self.device = device
        self.pad_id = pad_id
        self.token_budget = token_budget or (CPU_TOKEN_BUDGET if device == "cpu" else GPU_TOKEN_BUDGET)

    def logits(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Logits of shape (rows, width) in float32, in the order of ``ids``."""
        import torch

        rows: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(ids)
        with torch.inference_mode():
            for batch in batches_by_tokens([len(row) for row in ids], self.token_budget):
                output = self.model(**self.pad([ids[i] for i in batch])).logits
                for i, row in zip(batch, output.float().cpu().numpy(), strict=True):
                    rows[i] = row
        return np.stack(rows) if rows else np.empty((0, 0), np.float32)

    def pad(self, rows: Sequence[Sequence[int]]) -> dict[str, torch.Tensor]:
        """Right-padded ``input_ids`` and ``attention_mask`` on the engine's device."""
        return {name: tensor.to(self.device) for name, tensor in pad_rows(rows, self.pad_id).items()}


def pad_rows(rows: Sequence[Sequence[int]], pad_id: int) -> dict[str, torch.Tensor]:
    """Right-padded ``input_ids`` and ``attention_mask``, shape (rows, longest row)."""
    import torch

    longest = max(len(row) for row in rows)
    padded = torch.tensor([[*row, *[pad_id] * (longest - len(row))] for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    mask = (torch.arange(longest)[None, :] < lengths[:, None]).long()
    return {"input_ids": padded, "attention_mask": mask}
