"""OpenVINO on the CPU: bfloat16, two streams, sorted batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import openvino
import torch
from throughput_rows import Row

from contenders.batching import TextReader, batches_by_rows
from contenders.contender import Contender, Logits, Place, Setting
from contenders.torch_loops import load_model

_STREAMS = 2
_INPUTS = ("input_ids", "attention_mask")


class OpenVinoBfloat16(Contender):
    """The torch model converted, compiled with INFERENCE_PRECISION_HINT bf16, fed through an AsyncInferQueue."""

    packages = ("openvino",)
    choices: ClassVar[tuple[Setting, ...]] = tuple({"batch": batch, "streams": _STREAMS} for batch in (1, 4, 16))

    def __init__(self, place: Place, setting: Setting) -> None:
        options = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "NUM_STREAMS": str(setting["streams"]),
            "INFERENCE_NUM_THREADS": str(place.threads),
        }
        model = place.folder / "openvino" / "model.xml"
        self._model = openvino.Core().compile_model(str(model), "CPU", options)
        self._queue = openvino.AsyncInferQueue(self._model, setting["streams"])
        self._reader = TextReader(place.model)
        self._batch = setting["batch"]

    @classmethod
    def build(cls, place: Place) -> None:
        def convert(folder: Path) -> None:
            example = {name: torch.ones(2, 8, dtype=torch.int64) for name in _INPUTS}
            model = openvino.convert_model(load_model(place), example_input=example)
            openvino.save_model(model, str(folder / "model.xml"), compress_to_fp16=False)

        place.once("openvino", convert)

    def logits(self, rows: Sequence[Row]) -> Logits:
        ids = self._reader.ids(rows)
        found: dict[int, Logits] = {}

        def keep(request: Any, batch: list[int]) -> None:
            found.update(zip(batch, request.get_output_tensor(0).data.copy(), strict=True))

        self._queue.set_callback(keep)
        for batch in batches_by_rows([len(row) for row in ids], self._batch):
            padded = self._reader.pad([ids[i] for i in batch])
            self._queue.start_async(dict(zip(_INPUTS, padded, strict=True)), batch)
        self._queue.wait_all()
        return np.stack([found[i] for i in range(len(ids))]).astype(np.float32)
