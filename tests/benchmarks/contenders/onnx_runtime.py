"""Plain ONNX Runtime: optimum's export as it is or with its optimisations (O2), float32 or dynamic int8."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import onnxruntime as ort
from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic
from optimum.exporters.onnx import main_export
from throughput_rows import Row

from contenders.batching import Ids, TextReader, batches_by_rows, score_in_batches
from contenders.contender import Contender, Logits, Place, Setting

_GRAPHS = ("as exported", "O2")
_FUSED_TENSORS = {"DefaultTensorType": TensorProto.FLOAT}
"""Shape inference does not know the outputs of the fused operators in O2."""
_FLOAT32, _INT8 = "onnx-fp32", "onnx-int8"


def export(place: Place) -> Path:
    """The folder with both float32 graphs."""

    def make(folder: Path) -> None:
        for graph in _GRAPHS:
            main_export(
                str(place.model),
                folder / graph,
                task="text-classification",
                optimize=graph if graph == "O2" else None,
                local_files_only=True,
                do_validation=False,
            )

    return place.once(_FLOAT32, make)


class OnnxRuntimeFloat32(Contender):
    """An InferenceSession over sorted batches, float32; its threads share an operator, or have a run each."""

    packages = ("onnxruntime", "optimum-onnx", "onnx")
    choices: ClassVar[tuple[Setting, ...]] = tuple(
        {"graph": graph, "parallel": parallel, "batch": batch}
        for graph in _GRAPHS
        for parallel in ("operators", "runs")
        for batch in (1, 4, 16)
    )
    folder: ClassVar[str] = _FLOAT32

    def __init__(self, place: Place, setting: Setting) -> None:
        self._runs = place.threads if setting["parallel"] == "runs" else 1
        options = ort.SessionOptions()
        options.intra_op_num_threads = place.threads // self._runs
        file = place.folder / self.folder / setting["graph"] / "model.onnx"
        self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._names = [node.name for node in self._session.get_inputs()]
        self._reader = TextReader(place.model)
        self._batch = setting["batch"]

    @classmethod
    def build(cls, place: Place) -> None:
        export(place)

    def logits(self, rows: Sequence[Row]) -> Logits:
        ids = self._reader.ids(rows)
        batches = batches_by_rows([len(row) for row in ids], self._batch)
        return score_in_batches(ids, batches, self._score, self._runs)

    def _score(self, batch: Ids) -> Logits:
        ids, mask = self._reader.pad(batch)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        scored: Logits = self._session.run(["logits"], {name: inputs[name] for name in self._names})[0]
        return scored


class OnnxRuntimeInt8(OnnxRuntimeFloat32):
    """The same graphs through quantize_dynamic."""

    folder = _INT8

    @classmethod
    def build(cls, place: Place) -> None:
        exported = export(place)

        def quantize(folder: Path) -> None:
            for graph in _GRAPHS:
                (folder / graph).mkdir()
                source, target = (parent / graph / "model.onnx" for parent in (exported, folder))
                quantize_dynamic(
                    str(source), str(target), weight_type=QuantType.QInt8, extra_options=_FUSED_TENSORS
                )

        place.once(_INT8, quantize)
