"""The n-gram reader: logits from runs of token ids, over the whole text and each field by itself.

    prompt, reference, response ──the judge's own tokenizer──> ids, each field's in a range of its own
                                ──ngrams.onnx──> logits, added to the transformer's

A transformer reads a bounded number of tokens and knows few words by heart; this one reads all of them and knows
nothing but words. What it learns is written by ``guardrank.train.ngrams``. Each row is computed by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from guardrank.engine.encoding import load_tokenizer
from guardrank.engine.onnx_engine import OnnxEngine
from guardrank.records import Record

FIELDS = ("prompt", "reference", "response")
"""The fields that are read, in this order; the ids of the second are moved up by the size of the vocabulary..."""


class NGramReader:
    """Logits of records from the n-grams of their token ids.

    Args:
        model: an ONNX model from ``input_ids`` to ``logits`` (``guardrank.train.ngram_graph``).

    Raises:
        JudgeError: the tokenizer or the model cannot be read.
    """

    def __init__(self, tokenizer_file: Path, model: Path, *, threads: int | None = None) -> None:
        self._tokenizer = load_tokenizer(tokenizer_file)
        self._engine = OnnxEngine(model, threads=threads, max_rows=1)

    def logits(self, records: Sequence[Record]) -> NDArray[np.float32]:
        """Logits of shape (records, width), in order."""
        return self._engine.logits(field_ids(self._tokenizer, records))


def field_ids(tokenizer: Tokenizer, records: Sequence[Record]) -> list[list[int]]:
    """Each record's token ids, field after field; those of ``FIELDS[k]`` are moved up by k vocabularies.

    So an n-gram never crosses from one field to the next unseen: its ids tell where it stands. The last id stands
    for the end of the record, so that an empty one has an id too.
    """
    size = tokenizer.get_vocab_size()
    rows: list[list[int]] = [[] for _ in records]
    for place, field in enumerate(FIELDS):
        texts = [getattr(record, field) or "" for record in records]
        for row, encoding in zip(rows, tokenizer.encode_batch(texts, add_special_tokens=False), strict=True):
            row += [place * size + i for i in encoding.ids]
    for row in rows:
        row.append(len(FIELDS) * size)
    return rows
