"""N-gram regressions as an ONNX graph: what ``guardrank.engine.ngrams`` runs.

    input_ids ──TfIdfVectorizer──> counts ──1 + log──> · idf ──L2 norm──> @ weights @ mix ──> logits

The same sums as scikit-learn's ``TfidfVectorizer(sublinear_tf=True)`` and ``LogisticRegression``. The weights are
stored in 16 bits, one column a regression; ``mix`` spreads them over the judge's logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class NGramModel:
    """Fitted regressions.

    Attributes:
        grams: F runs of token ids.
        idf: shape (F,); weights: shape (F, regressions); bias: shape (regressions,).
        mix: how much of each regression goes into each logit, shape (regressions, width).
    """

    grams: Sequence[tuple[int, ...]]
    idf: Floats
    weights: Floats
    bias: Floats
    mix: Floats


def write_graph(model: NGramModel, file: Path) -> Path:
    """Write the graph with input ``input_ids`` (rows, ids) and output ``logits`` (rows, width)."""
    constants = {
        "one": np.float32(1.0),
        "floor": np.float32(1e-12),
        "idf": model.idf.astype(np.float32),
        "weights16": model.weights.astype(np.float16),
        "bias": model.bias.astype(np.float32),
        "mix": model.mix.astype(np.float32),
    }
    graph = helper.make_graph(
        _nodes(model.grams),
        "ngrams",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["rows", "ids"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", model.mix.shape[1]])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION), file)
    return file


def _nodes(grams: Sequence[tuple[int, ...]]) -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        _counter(grams),
        node("Max", ["counts", "one"], ["at_least_one"]),
        node("Log", ["at_least_one"], ["log_count"]),
        node("Min", ["counts", "one"], ["present"]),
        node("Add", ["log_count", "present"], ["frequency"]),
        node("Mul", ["frequency", "idf"], ["values"]),
        node("ReduceL2", ["values"], ["norm"], axes=[1], keepdims=1),
        node("Max", ["norm", "floor"], ["length"]),
        node("Cast", ["weights16"], ["weights"], to=TensorProto.FLOAT),
        node("MatMul", ["values", "weights"], ["sums"]),
        node("Div", ["sums", "length"], ["scaled"]),
        node("Add", ["scaled", "bias"], ["regressions"]),
        node("MatMul", ["regressions", "mix"], ["logits"]),
    ]


def _counter(grams: Sequence[tuple[int, ...]]) -> onnx.NodeProto:
    """Counts of ``grams``, in their order; the operator's pool wants the short ones first."""
    order = sorted(range(len(grams)), key=lambda i: len(grams[i]))
    longest = len(grams[order[-1]])
    sizes = [sum(len(gram) * (len(gram) < n) for gram in grams) for n in range(1, longest + 1)]
    return helper.make_node(
        "TfIdfVectorizer",
        ["input_ids"],
        ["counts"],
        mode="TF",
        min_gram_length=1,
        max_gram_length=longest,
        max_skip_count=0,
        ngram_counts=sizes,
        ngram_indexes=order,
        pool_int64s=[i for place in order for i in grams[place]],
    )
