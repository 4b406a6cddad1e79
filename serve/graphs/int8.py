"""8-bit layers: one scale a column for the weights, one scale a token for what comes in.

    x ~ scale(token) * (q - zero_point)           q an unsigned byte
    w ~ scale(column) * w_q                       w_q a signed byte
    x @ w ~ scale(token) * scale(column) * sum of (q - zero_point) * w_q, the sum exact in 32 bits

A token's scale is taken from that token alone when it is computed, so a row's logits do not depend on what else
is in the batch, and nothing unseen is cut off as a fixed range would do. Channels that are large for every
token are divided by a fixed number and their weights multiplied by it (SmoothQuant, Xiao et al. 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from guardrank.serve.graphs.graph import MICROSOFT, Graph

Floats: TypeAlias = NDArray[np.float32]

CENTRED = 128
"""Zero point of what is as often below 0 as above."""
ACTIVATED = 20
"""Zero point of what an activation has passed: never far below 0."""
GELU_MINIMUM = 0.17
"""GELU goes down to -0.17; a scale of at least 0.17 / 20 keeps that from being cut off."""
SMOOTHING = 0.5
"""How much of a channel's size moves into the weights: 0 none, 1 all."""


@dataclass(frozen=True)
class Tokens:
    """A float32 matrix (tokens, channels) in the graph; matrices of the same ``rows`` have as many rows."""

    name: str
    rows: str = "all"


@dataclass(frozen=True)
class Quantized:
    """``Tokens`` as bytes, with one scale a token: shape (tokens, 1)."""

    name: str
    scales: str
    zero_point: int
    rows: str


class Int8Layers:
    """Adds 8-bit linear layers to a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._one = graph.constant(1.0, np.float32)
        self._channels = graph.constant([1], np.int64)
        self._points: dict[tuple[str, int], str] = {}

    def quantize(self, tokens: Tokens, smoothing: Floats | None = None) -> Quantized:
        """Tokens centred on 0, their channels divided by ``smoothing``, shape (channels,)."""
        graph, name = self.graph, tokens.name
        if smoothing is not None:
            name = graph.op("Mul", name, graph.constant(1 / smoothing, np.float32))
        largest = graph.op("ReduceMax", graph.op("Abs", name), self._channels, keepdims=0)
        scales = graph.op("Mul", largest, graph.constant(1 / (255 - CENTRED), np.float32))
        return self._quantize(Tokens(name, tokens.rows), scales, CENTRED)

    def quantize_activated(self, tokens: Tokens) -> Quantized:
        """Tokens that come from GELU or ReLU."""
        graph = self.graph
        largest = graph.op("ReduceMax", tokens.name, self._channels, keepdims=0)
        scales = graph.op("Mul", largest, graph.constant(1 / (255 - ACTIVATED), np.float32))
        least = graph.constant(GELU_MINIMUM / ACTIVATED, np.float32)
        return self._quantize(tokens, graph.op("Max", scales, least), ACTIVATED)

    def linear(self, tokens: Quantized, weights: Floats) -> Tokens:
        """``tokens @ weights`` without a bias; ``weights`` has the shape (channels in, channels out)."""
        graph = self.graph
        columns, scales = quantize_columns(weights)
        product = graph.op(
            "MatMulIntegerToFloat",
            *(tokens.name, graph.constant(columns), self._one, graph.constant(scales)),
            graph.constant(tokens.zero_point, np.uint8),
            domain=MICROSOFT,
        )
        return Tokens(graph.op("Mul", product, tokens.scales), tokens.rows)

    def rows(self, table: Floats, places: str) -> str:
        """The rows of ``table`` that ``places`` names, from bytes with one scale a row: a quarter of its size."""
        graph = self.graph
        columns, scales = quantize_columns(table.T)
        picked = graph.op("Cast", graph.op("Gather", graph.constant(columns.T), places), to=TensorProto.FLOAT)
        return graph.op("Mul", picked, graph.op("Gather", graph.constant(scales[:, None]), places))

    def _quantize(self, tokens: Tokens, scales: str, zero_point: int) -> Quantized:
        points = self._zero_points(scales, tokens.rows, zero_point)
        name = self.graph.op("QuantizeLinear", tokens.name, scales, points, axis=0)
        column = self.graph.op("Unsqueeze", scales, self._channels)
        return Quantized(name, column, zero_point, tokens.rows)

    def _zero_points(self, scales: str, rows: str, zero_point: int) -> str:
        """One zero point a token, as QuantizeLinear wants them; all tensors of like rows share it."""
        if (rows, zero_point) not in self._points:
            value = helper.make_tensor("value", TensorProto.UINT8, [1], [zero_point])
            shape = self.graph.op("Shape", scales)
            self._points[rows, zero_point] = self.graph.op("ConstantOfShape", shape, value=value)
        return self._points[rows, zero_point]


def quantize_columns(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Signed bytes and one scale a column for ``weights`` (channels in, channels out)."""
    scales = np.abs(weights).max(axis=0) / 127
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    return np.clip(np.round(weights / scales), -127, 127).astype(np.int8), scales


def smoothing_of(largest: Floats, weights: Floats) -> Floats:
    """What to divide channels by, shape (channels in,), given the largest value that each was seen to take.

    Both factors of the product get easier to quantise where the large one of the two gives to the small one:
    ``largest ** a / max |weights of the channel| ** (1 - a)`` with ``a = SMOOTHING``.
    """
    heaviest = np.maximum(np.abs(weights).max(axis=1), 1e-5)
    smoothing = np.maximum(largest, 1e-5) ** SMOOTHING / heaviest ** (1 - SMOOTHING)
    return np.asarray(smoothing / np.median(smoothing), np.float32)
