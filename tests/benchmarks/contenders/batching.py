"""What the contenders with batches of their own share: fast tokenizing, batches of like length, padding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from throughput_rows import MAX_TOKENS, Row
from transformers import AutoTokenizer

from contenders.contender import Logits

Ids = list[list[int]]
ScoreBatch = Callable[[Ids], Logits]


class TextReader:
    """Texts to token ids by the model's fast tokenizer, all in one call, cut at MAX_TOKENS."""

    def __init__(self, model: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(model)
        self.pad_id = int(self._tokenizer.pad_token_id)

    def ids(self, rows: Sequence[Row]) -> Ids:
        """Token ids of each row."""
        encoded = self._tokenizer(
            [row.text for row in rows],
            truncation=True,
            max_length=MAX_TOKENS,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        found: Ids = encoded["input_ids"]
        return found

    def pad(self, batch: Ids) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Right-padded ids and their attention mask, shape (rows, longest row)."""
        lengths = np.array([len(row) for row in batch])
        mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
        ids = np.full(mask.shape, self.pad_id, np.int64)
        ids[mask.astype(bool)] = np.concatenate(batch)
        return ids, mask


def batches_by_rows(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Indices of ``lengths``, longest first, ``size`` in a batch."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return (order[start : start + size] for start in range(0, len(order), size))


def score_in_batches(ids: Ids, batches: Iterator[list[int]], score: ScoreBatch, workers: int = 1) -> Logits:
    """Logits of every row in order; ``workers`` batches at a time."""
    plan = list(batches)
    parts = ([ids[i] for i in batch] for batch in plan)
    if workers == 1:
        results = list(map(score, parts))
    else:
        with ThreadPoolExecutor(workers) as pool:
            results = list(pool.map(score, parts))
    logits = np.empty((len(ids), results[0].shape[1]), np.float32)
    for batch, result in zip(plan, results, strict=True):
        logits[batch] = result
    return logits
