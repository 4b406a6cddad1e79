"""Graph: an ONNX model under construction. Nodes are named as they come; weights are written away at once.

    graph = Graph(folder / "model_int8.onnx")
    hidden = graph.op("Gather", graph.constant(table), "input_ids")
    ...
    graph.save(logits, "a BERT classifier")

With ``external`` every large weight goes to ``NAME.data`` the moment it is added, so that a model larger than
the memory can be written; without, the file holds everything (ONNX allows 2 GiB).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
MICROSOFT = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""
_EXTERNAL_FROM = 1024
"""Bytes from which a weight goes to the data file."""
_ALIGNMENT = 64


class Graph:
    """Nodes and weights of one model.

    Args:
        file: where ``save`` puts the model.
        external: whether large weights go to ``FILE.data`` beside it.
    """

    def __init__(self, file: Path, *, external: bool = False) -> None:
        self.file = file
        self.data_file = file.with_name(f"{file.name}.data")
        self._data: BinaryIO | None = self.data_file.open("wb") if external else None
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def constant(self, value: ArrayLike, dtype: Any = None) -> str:
        """Add a weight and return its name."""
        array = np.array(value, dtype=dtype, order="C")
        name = f"w{len(self._weights)}"
        outside = self._data is not None and array.nbytes >= _EXTERNAL_FROM
        self._weights.append(self._write(array, name) if outside else numpy_helper.from_array(array, name))
        return name

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and return the output's name; an empty input name leaves it out."""
        name = f"t{len(self._nodes)}"
        node = helper.make_node(kind, list(inputs), [name], name=f"{kind}_{name}", domain=domain, **attributes)
        self._nodes.append(node)
        return name

    def save(self, logits: str, description: str) -> list[Path]:
        """Write a classifier that reads ``input_ids`` and ``attention_mask`` (rows, tokens); return its files."""
        self._nodes.append(helper.make_node("Identity", [logits], ["logits"], name="logits"))
        tokens = ["rows", "tokens"]
        graph = helper.make_graph(
            self._nodes,
            "judge",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, tokens)
                for name in ("input_ids", "attention_mask")
            ],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", "width"])],
            self._weights,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=10, producer_name="guardrank", doc_string=description
        )
        self.file.write_bytes(model.SerializeToString())
        self.close()
        return [self.file] if self._data is None else [self.file, self.data_file]

    def close(self) -> None:
        """Close the data file, as ``save`` does."""
        if self._data is not None:
            self._data.close()

    def _write(self, array: np.ndarray[Any, Any], name: str) -> onnx.TensorProto:
        assert self._data is not None  # noqa: S101 (for the type checker)
        self._data.write(b"\0" * (-self._data.tell() % _ALIGNMENT))
        offset = self._data.tell()
        array.tofile(self._data)
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        tensor = TensorProto(name=name, data_type=kind, dims=array.shape, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", self.data_file.name), ("offset", offset), ("length", array.nbytes)):
            tensor.external_data.add(key=key, value=str(value))
        return tensor
