"""PyTorch: one row at a time padded to the limit, transformers' pipeline, and sorted batches."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, ClassVar

import numpy as np
import torch
from throughput_rows import MAX_TOKENS, Row
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from contenders.batching import Ids, TextReader, score_in_batches
from contenders.contender import Contender, Logits, Place, Setting
from guardrank.engine import batches_by_tokens

_PACKAGES = ("torch", "transformers", "tokenizers")


def load_model(place: Place, dtype: torch.dtype = torch.float32) -> Any:
    """The classifier in evaluation mode."""
    torch.set_num_threads(place.threads)
    return AutoModelForSequenceClassification.from_pretrained(place.model, dtype=dtype).eval()


class Reference(Contender):
    """As the published judge scores: one row at a time, padded to 256 tokens, float32."""

    packages = _PACKAGES
    note = "always computes 256 tokens, so its speed is that of fewer rows"

    def __init__(self, place: Place, setting: Setting) -> None:
        self._model = load_model(place)
        self._tokenizer = AutoTokenizer.from_pretrained(place.model)

    @torch.inference_mode()
    def logits(self, rows: Sequence[Row]) -> Logits:
        return np.concatenate([self._score(row.text) for row in rows])

    def _score(self, text: str) -> Logits:
        inputs = self._tokenizer(
            text, padding="max_length", truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
        )
        scored: Logits = self._model(**inputs).logits.numpy()
        return scored


class Pipeline(Contender):
    """transformers.pipeline("text-classification"), in the texts' own order as it takes them."""

    packages = _PACKAGES
    choices: ClassVar[tuple[Setting, ...]] = ({"batch": 1}, {"batch": 8}, {"batch": 32})

    def __init__(self, place: Place, setting: Setting) -> None:
        tokenizer = AutoTokenizer.from_pretrained(place.model)
        self._score = pipeline("text-classification", model=load_model(place), tokenizer=tokenizer, device="cpu")
        self._batch = setting["batch"]

    def logits(self, rows: Sequence[Row]) -> Logits:
        scored: Any = self._score(
            [row.text for row in rows],
            batch_size=self._batch,
            truncation=True,
            max_length=MAX_TOKENS,
            top_k=None,
            function_to_apply="none",
        )
        in_order = (sorted(labels, key=itemgetter("label")) for labels in scored)  # LABEL_0, LABEL_1...
        return np.array([[label["score"] for label in labels] for labels in in_order], np.float32)


class SortedFloat32(Contender):
    """Batches of like length under a budget of tokens, float32."""

    packages = _PACKAGES
    choices: ClassVar[tuple[Setting, ...]] = tuple({"tokens a batch": tokens} for tokens in (512, 1024, 2048, 4096))
    dtype: ClassVar[torch.dtype] = torch.float32

    def __init__(self, place: Place, setting: Setting) -> None:
        self._model = load_model(place, self.dtype)
        self._reader = TextReader(place.model)
        self._budget = setting["tokens a batch"]

    def logits(self, rows: Sequence[Row]) -> Logits:
        ids = self._reader.ids(rows)
        return score_in_batches(ids, batches_by_tokens([len(row) for row in ids], self._budget), self._score)

    @torch.inference_mode()
    def _score(self, batch: Ids) -> Logits:
        ids, mask = map(torch.from_numpy, self._reader.pad(batch))
        scored: Logits = self._model(input_ids=ids, attention_mask=mask).logits.float().numpy()
        return scored


class SortedBfloat16(SortedFloat32):
    """The same with weights and products in bfloat16."""

    dtype = torch.bfloat16
