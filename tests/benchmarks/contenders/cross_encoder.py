"""sentence-transformers' CrossEncoder with its ONNX backend: its own export, its own sorting and batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnxruntime as ort
import torch
from sentence_transformers import CrossEncoder
from throughput_rows import MAX_TOKENS, Row

from contenders.contender import Contender, Logits, Place, Setting


class CrossEncoderOnnx(Contender):
    """CrossEncoder(backend="onnx"); ``predict`` takes pairs only, so each text goes with an empty one."""

    packages = ("sentence-transformers", "optimum-onnx", "onnxruntime")
    choices: ClassVar[tuple[Setting, ...]] = ({"batch": 1}, {"batch": 8}, {"batch": 32})
    note = "takes pairs only: reads (text, empty text), a separator or two more than the others"

    def __init__(self, place: Place, setting: Setting) -> None:
        torch.set_num_threads(place.threads)
        self._model = _open(place.folder / "cross-encoder", place)
        self._batch = setting["batch"]

    @classmethod
    def build(cls, place: Place) -> None:
        def export(folder: Path) -> None:
            _open(place.model, place, export=True).save_pretrained(str(folder))

        place.once("cross-encoder", export)

    def logits(self, rows: Sequence[Row]) -> Logits:
        pairs: list[Any] = [(row.text, "") for row in rows]
        scored = self._model.predict(
            pairs, batch_size=self._batch, activation_fn=torch.nn.Identity(), show_progress_bar=False
        )
        return np.asarray(scored, np.float32)


def _open(folder: Path, place: Place, **options: Any) -> CrossEncoder:
    session = ort.SessionOptions()
    session.intra_op_num_threads = place.threads
    keywords = {"provider": "CPUExecutionProvider", "session_options": session, **options}
    opened: CrossEncoder = CrossEncoder(
        str(folder), backend="onnx", device="cpu", max_length=MAX_TOKENS, model_kwargs=keywords
    )
    return opened
