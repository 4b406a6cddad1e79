"""What the processor itself allows: operations per response, and the fastest matrix products measured.

The rate is the best of many timings, over the layer's own matrices, of products of 512 rows with it:

    float32, bf16   torch.nn.functional.linear
    int8            ONNX Runtime's MatMulIntegerToFloat, u8 x s8

Operations (a multiplication and an addition are two) are those of the linear layers, 2 x weights x tokens, and
of attention's two products, 4 x tokens^2 x hidden a layer. Only the first token's state leaves the last layer,
so of that layer the keys and values are needed for all tokens and the rest for one; `full` does not make use of
that, `needed` does. Embeddings, norms, softmax and the head are left out of both.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper

_ROWS = 512
_SECONDS = 0.3
"""How long each matrix is timed."""
_COPIES = 4
"""Nodes in one ONNX model: spreads the cost of a call over several products."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of an encoder's layers."""

    layers: int
    hidden: int
    intermediate: int

    @property
    def matrices(self) -> dict[str, tuple[int, int]]:
        """A layer's matrices, inputs x outputs; queries, keys and values are one product."""
        hidden, wide = self.hidden, self.intermediate
        return {
            "query-key-value": (hidden, 3 * hidden),
            "attention output": (hidden, hidden),
            "feed-forward in": (hidden, wide),
            "feed-forward out": (wide, hidden),
        }


def sizes_of(model: Path) -> Sizes:
    """The sizes of a transformers model's layers."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    return Sizes(config["num_hidden_layers"], config["hidden_size"], config["intermediate_size"])


def operations(sizes: Sizes, lengths: Sequence[int]) -> dict[str, float]:
    """Mean operations per response."""
    tokens = float(np.mean(lengths))
    squares = float(np.mean(np.square(lengths, dtype=np.float64)))
    weights = sum(inputs * outputs for inputs, outputs in sizes.matrices.values())
    layer = 2 * weights * tokens + 4 * squares * sizes.hidden
    keys_and_values = 2 * sizes.hidden**2
    last = 2 * (keys_and_values * tokens + weights - keys_and_values) + 4 * tokens * sizes.hidden
    return {"full": sizes.layers * layer, "needed": (sizes.layers - 1) * layer + last}


def measure(sizes: Sizes, threads: int) -> dict[str, dict[str, float]]:
    """Operations a second by precision and matrix."""
    torch.set_num_threads(threads)
    makers = {"float32": _torch_product(torch.float32), "bf16": _torch_product(torch.bfloat16)}
    makers["int8"] = lambda inputs, outputs: _int8_product(inputs, outputs, threads)
    return {
        precision: {name: _rate(make, *matrix) for name, matrix in sizes.matrices.items()}
        for precision, make in makers.items()
    }


Product = tuple[Callable[[], object], int]
"""A call, and how many products it computes."""


def _rate(make: Callable[[int, int], Product], inputs: int, outputs: int) -> float:
    call, products = make(inputs, outputs)
    return 2.0 * _ROWS * inputs * outputs * products / _best_seconds(call)


def _best_seconds(call: Callable[[], object]) -> float:
    call()
    best, stop = float("inf"), time.perf_counter() + _SECONDS
    while (started := time.perf_counter()) < stop:
        call()
        best = min(best, time.perf_counter() - started)
    return best


def _torch_product(dtype: torch.dtype) -> Callable[[int, int], Product]:
    def make(inputs: int, outputs: int) -> Product:
        left, weight = torch.randn(_ROWS, inputs, dtype=dtype), torch.randn(outputs, inputs, dtype=dtype)
        return torch.inference_mode()(lambda: torch.nn.functional.linear(left, weight)), 1

    return make


def _int8_product(inputs: int, outputs: int, threads: int) -> Product:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(_int8_model(inputs, outputs), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    left = np.random.default_rng(0).integers(0, 255, (_ROWS, inputs), dtype=np.uint8)
    binding.bind_ortvalue_input("left", ort.OrtValue.ortvalue_from_numpy(left))
    for i in range(_COPIES):
        result = ort.OrtValue.ortvalue_from_numpy(np.empty((_ROWS, outputs), np.float32))
        binding.bind_ortvalue_output(f"result{i}", result)
    return lambda: session.run_with_iobinding(binding), _COPIES


def _int8_model(inputs: int, outputs: int) -> bytes:
    """``_COPIES`` independent products of the same left side, each with a matrix of its own."""
    random = np.random.default_rng(1)
    constants: dict[str, Any] = {
        "left_scale": np.float32(0.01),
        "left_zero": np.uint8(128),
        "scales": np.full(outputs, 0.01, np.float32),
        "zeros": np.zeros(outputs, np.int8),
    }
    matrices = {f"right{i}": random.integers(-127, 127, (inputs, outputs), np.int8) for i in range(_COPIES)}
    nodes = [_int8_node(i) for i in range(_COPIES)]
    graph = helper.make_graph(
        nodes,
        "products",
        [helper.make_tensor_value_info("left", TensorProto.UINT8, [_ROWS, inputs])],
        [helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, [_ROWS, outputs]) for node in nodes],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants | matrices).items()],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


def _int8_node(number: int) -> Any:
    names = ["left", f"right{number}", "left_scale", "scales", "left_zero", "zeros"]
    return helper.make_node("MatMulIntegerToFloat", names, [f"result{number}"], domain="com.microsoft")
