"""CTranslate2: the encoder in int8, sorted batches; the classification head behind it in numpy.

Its converter takes BERT and RoBERTa as encoders without a head: BERT's pooler comes with it, and the rest is
one or two small products a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import ctranslate2
import numpy as np
from safetensors.numpy import load_file
from throughput_rows import Row

from contenders.batching import Ids, TextReader, batches_by_rows, score_in_batches
from contenders.contender import Contender, Logits, Place, Setting

_BATCHES = (4, 16)


class CTranslate2Int8(Contender):
    """ctranslate2.Encoder, as many batches at a time as it has workers."""

    packages = ("ctranslate2",)
    choices: ClassVar[tuple[Setting, ...]] = tuple(
        {"batch": batch, "workers": workers} for workers in (1, 2) for batch in _BATCHES
    )
    note = "head in numpy behind the encoder"

    def __init__(self, place: Place, setting: Setting) -> None:
        self._workers = setting["workers"]
        self._encoder = ctranslate2.Encoder(
            str(place.folder / "ctranslate2" / "model"),
            device="cpu",
            compute_type="int8",
            inter_threads=self._workers,
            intra_threads=max(1, place.threads // self._workers),
        )
        self._reader = TextReader(place.model)
        self._head = Head(place.model)
        self._batch = setting["batch"]

    @classmethod
    def build(cls, place: Place) -> None:
        def convert(folder: Path) -> None:
            converter = ctranslate2.converters.TransformersConverter(str(place.model))
            converter.convert(str(folder / "model"), quantization="int8")

        place.once("ctranslate2", convert)

    def logits(self, rows: Sequence[Row]) -> Logits:
        ids = self._reader.ids(rows)
        batches = batches_by_rows([len(row) for row in ids], self._batch)
        return score_in_batches(ids, batches, self._score, self._workers)

    def _score(self, batch: Ids) -> Logits:
        output = self._encoder.forward_batch(batch)
        if self._head.takes_pooled:
            return self._head.of_pooled(np.asarray(output.pooler_output))
        return self._head.of_first(np.asarray(output.last_hidden_state)[:, 0])


class Head:
    """The classifier's last layers: BERT's one behind the pooler, or RoBERTa's two."""

    def __init__(self, model: Path) -> None:
        weights = load_file(model / "model.safetensors")
        self._layers = {
            name: (weights[f"{name}.weight"].T, weights[f"{name}.bias"])
            for name in ("classifier", "classifier.dense", "classifier.out_proj")
            if f"{name}.weight" in weights
        }

    @property
    def takes_pooled(self) -> bool:
        """Whether it is BERT's."""
        return "classifier" in self._layers

    def of_pooled(self, pooled: Logits) -> Logits:
        """Logits from BERT's pooled state."""
        return self._linear("classifier", pooled)

    def of_first(self, first: Logits) -> Logits:
        """Logits from the first token's state, as RobertaClassificationHead has them."""
        return self._linear("classifier.out_proj", np.tanh(self._linear("classifier.dense", first)))

    def _linear(self, name: str, states: Logits) -> Logits:
        weight, bias = self._layers[name]
        product: Logits = states @ weight + bias
        return product
