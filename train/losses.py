"""Losses over target matrices (``guardrank.train.targets``); both take interval labels.

nominal   -log P(score in interval) under a softmax: cross-entropy where the interval is one score
ordinal   binary cross-entropy on "score > k", for the k that the label decides (Li & Lin 2006;
          Niu et al. 2016, "Ordinal regression with multiple output CNN")
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from guardrank.calibration import Link


def judge_loss(logits: Tensor, targets: Tensor, weights: Tensor, link: Link) -> Tensor:
    """Weighted mean loss of a batch: logits and targets (n, width), weights (n,)."""
    logits = logits.float()
    rows = nominal_rows(logits, targets) if link == "nominal" else ordinal_rows(logits, targets)
    return (rows * weights).sum() / weights.sum()


def nominal_rows(logits: Tensor, targets: Tensor) -> Tensor:
    """Loss of each row, shape (n,)."""
    floor = torch.finfo(logits.dtype).min
    inside = logits.masked_fill(targets != 1, floor).logsumexp(dim=1)
    own = logits.masked_fill(targets < 0, floor).logsumexp(dim=1)
    return own - inside


def ordinal_rows(logits: Tensor, targets: Tensor) -> Tensor:
    """Loss of each row, summed over the thresholds that its label decides, shape (n,)."""
    known = targets >= 0
    losses = binary_cross_entropy_with_logits(logits, targets.clamp(min=0), reduction="none")
    return (losses * known).sum(dim=1)
