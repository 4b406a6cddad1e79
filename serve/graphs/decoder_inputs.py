"""The inputs of a decoder's graph: rows of even length, the token that the head reads, who may look at whom."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from onnx import TensorProto

from guardrank.serve.graphs.graph import Graph

_UNSEEN = np.float32(-1e30)
"""Added to the score of a token that must not be seen; finite, so that a row that sees none gives no NaN."""


class Inputs(NamedTuple):
    """Names of tensors for b rows of t tokens, t even.

    Attributes:
        ids: (b, t).
        last: (b, 2), the place of the mask's last 1, twice.
        seen: (b, 1, 1, t), 0 for a real token and very negative for padding.
        seen_before: (b, 1, t, t), the same for each token in view of those before it and itself.
    """

    ids: str
    last: str
    seen: str
    seen_before: str


def read_inputs(graph: Graph) -> Inputs:
    """Add what the layers need to know of ``input_ids`` and ``attention_mask``."""
    odd = graph.op("Mod", graph.op("Shape", "input_ids", start=1, end=2), graph.constant([2], np.int64))
    margins = graph.op("Concat", graph.constant([0, 0, 0], np.int64), odd, axis=0)
    ids, mask = graph.op("Pad", "input_ids", margins), graph.op("Pad", "attention_mask", margins)
    seen = _bias(graph, graph.op("Cast", mask, to=TensorProto.BOOL), axes=[1, 2])
    before = _bias(graph, _lower_triangle(graph, ids), axes=[0, 1])
    return Inputs(ids, _last_token(graph, mask), seen, graph.op("Min", seen, before))


def _last_token(graph: Graph, mask: str) -> str:
    last = graph.op("ArgMax", mask, axis=1, keepdims=1, select_last_index=1)
    return graph.op("Concat", last, last, axis=1)


def _lower_triangle(graph: Graph, ids: str) -> str:
    """(t, t): whether the row's token comes after the column's or is the same."""
    zero, one = graph.constant(0, np.int64), graph.constant(1, np.int64)
    length = graph.op("Squeeze", graph.op("Shape", ids, start=1, end=2))
    places = graph.op("Range", zero, length, one)
    column = graph.op("Unsqueeze", places, graph.constant([1], np.int64))
    return graph.op("GreaterOrEqual", column, places)


def _bias(graph: Graph, allowed: str, axes: list[int]) -> str:
    """0 where ``allowed``, very negative elsewhere, with further axes of length 1."""
    wide = graph.op("Unsqueeze", allowed, graph.constant(axes, np.int64))
    return graph.op("Where", wide, graph.constant(0, np.float32), graph.constant(_UNSEEN))
