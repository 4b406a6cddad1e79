"""BERT and RoBERTa classifiers as one 8-bit ONNX graph, with nothing computed that the score does not need.

    ids --embeddings--> x --[attention, feed-forward] x layers--> first token --head--> logits

What differs from the model as trained, besides the 8 bits (serve/graphs/int8):

    last layer   only the first token's query and feed-forward are computed, since only it is read
    biases       those of a sublayer's output are added by the layer norm before it, which feeds the residual
    outliers     the few channels of a feed-forward layer that grow largest stay in float32
                 (LLM.int8(), Dettmers et al. 2022)

Each is exact algebra or a rounding of its own; none makes a row depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from guardrank.errors import UsageError
from guardrank.serve.graphs.graph import MICROSOFT, Graph
from guardrank.serve.graphs.int8 import Floats, Int8Layers, Quantized, Tokens, smoothing_of

Weights: TypeAlias = Mapping[str, Floats]
Channels: TypeAlias = tuple[Floats, Floats]
"""The smallest and the largest value that each channel of a layer's input was seen to take."""

FAMILIES: Mapping[str, str] = {"bert": "bert", "roberta": "roberta", "xlm-roberta": "roberta"}
"""``model_type`` -> prefix of its weights."""
ACTIVATIONS: Mapping[str, str] = {"gelu": "BiasGelu", "gelu_new": "FastGelu", "gelu_pytorch_tanh": "FastGelu"}
OUTLIERS = 16
"""Channels of each feed-forward layer that stay in float32."""


def build_encoder(file: Path, config: Any, weights: Weights, ranges: Mapping[str, Channels]) -> list[Path]:
    """Write the 8-bit graph of a sequence classifier to ``file`` and return the files written.

    Args:
        config: the transformers configuration.
        weights: the classifier's state dict, adapters merged.
        ranges: by module name, what each linear layer's input was seen to be (serve/graphs/calibration).

    Raises:
        UsageError: the model is of a kind that this cannot write.
    """
    check_family(config)
    graph = Graph(file)
    logits = _EncoderGraph(graph, config, weights, ranges).build()
    return graph.save(logits, f"{config.model_type} classifier, 8-bit, one scale a token, by guardrank")


def check_family(config: Any) -> None:
    """Raise UsageError where the model is of a kind that this cannot write."""
    if config.model_type not in FAMILIES:
        raise UsageError(
            f"int8 is made for {', '.join(FAMILIES)} and llama, not for {config.model_type}: use --precision fp32"
        )
    position = getattr(config, "position_embedding_type", "absolute") or "absolute"
    if config.hidden_act not in ACTIVATIONS or position != "absolute":
        raise UsageError(
            f"int8 knows no {config.hidden_act} activation with {position} positions: use --precision fp32"
        )


class _EncoderGraph:
    """Builds the graph from the embeddings up; ``x`` always carries the bias of the sublayer that follows."""

    def __init__(self, graph: Graph, config: Any, weights: Weights, ranges: Mapping[str, Channels]) -> None:
        self.graph = graph
        self.int8 = Int8Layers(graph)
        self.config = config
        self.weights = weights
        self.ranges = ranges
        self.prefix = FAMILIES[config.model_type]
        self.layers = [f"{self.prefix}.encoder.layer.{i}" for i in range(config.num_hidden_layers)]
        self.flat = graph.constant([-1, config.hidden_size], np.int64)
        self.shape = graph.op(
            "Concat", graph.op("Shape", "input_ids"), graph.constant([config.hidden_size], np.int64), axis=0
        )
        self.mask = graph.op("Cast", "attention_mask", to=TensorProto.INT32)

    def build(self) -> str:
        """The name of the logits."""
        x = self._embed()
        for layer in self.layers:
            x = self._layer(layer, x)
        return self._head(x.name)

    def _layer(self, layer: str, x: Tokens) -> Tokens:
        is_last = layer == self.layers[-1]
        context = self._attention(layer, x, only_first=is_last)
        residual = self._first(x) if is_last else x
        out = self.int8.linear(self.int8.quantize(context), self._matrix(f"{layer}.attention.output.dense"))
        after = f"{layer}.output.dense"
        x = self._add_and_norm(out, residual, f"{layer}.attention.output.LayerNorm", self._vector(f"{after}.bias"))
        following = None if is_last else self.layers[self.layers.index(layer) + 1]
        bias = self._attention_bias(following) if following else np.zeros(self.config.hidden_size, np.float32)
        return self._add_and_norm(self._feed_forward(layer, x), x, f"{layer}.output.LayerNorm", bias)

    def _attention_bias(self, layer: str) -> Floats:
        return self._vector(f"{layer}.attention.output.dense.bias")

    # --- attention

    def _attention(self, layer: str, x: Tokens, *, only_first: bool) -> Tokens:
        """The attention's output, shape (tokens, channels); with ``only_first`` of the first tokens alone."""
        names = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        carried = self._attention_bias(layer)
        stacked = np.concatenate([self._matrix(name) for name in names], axis=1)
        smoothing = smoothing_of(self._largest(names[0], carried), stacked)
        every = self.int8.quantize(x, smoothing)
        asking = self.int8.quantize(self._first(x), smoothing) if only_first else every
        q, k, v = (
            self.int8.linear(tokens, self._matrix(name) * smoothing[:, None])
            for tokens, name in zip((asking, every, every), names, strict=True)
        )
        biases = [self._vector(f"{name}.bias") - carried @ self._matrix(name) for name in names]
        return self._attend((q, k, v), np.concatenate(biases), only_first=only_first)

    def _attend(self, parts: tuple[Tokens, Tokens, Tokens], bias: Floats, *, only_first: bool) -> Tokens:
        graph = self.graph
        asking = graph.constant([-1, 1, self.config.hidden_size], np.int64) if only_first else self.shape
        shapes = (asking, self.shape, self.shape)
        context = graph.op(
            "MultiHeadAttention",
            *(graph.op("Reshape", part.name, shape) for part, shape in zip(parts, shapes, strict=True)),
            graph.constant(bias, np.float32),
            self.mask,
            domain=MICROSOFT,
            num_heads=self.config.num_attention_heads,
        )
        return Tokens(graph.op("Reshape", context, self.flat), parts[0].rows)

    def _first(self, x: Tokens) -> Tokens:
        """The first token of every row, shape (rows, channels)."""
        graph = self.graph
        zero = graph.constant(0, np.int64)
        return Tokens(graph.op("Gather", graph.op("Reshape", x.name, self.shape), zero, axis=1), "first")

    # --- feed-forward

    def _feed_forward(self, layer: str, x: Tokens) -> Tokens:
        """The feed-forward layer without its output bias: most channels in 8 bits, the outliers in float32."""
        name, out = f"{layer}.intermediate.dense", f"{layer}.output.dense"
        carried = self._vector(f"{out}.bias")
        into, back = self._matrix(name), self._matrix(out)
        smoothing = smoothing_of(self._largest(name, carried), into)
        tokens = self.int8.quantize(x, smoothing)
        bias = self._vector(f"{name}.bias") - carried @ into
        outliers = self._outliers(out)
        kept = np.setdiff1d(np.arange(into.shape[1]), outliers)
        smoothed = into * smoothing[:, None]
        most = self._activate(tokens, smoothed[:, kept], bias[kept])
        few = self._activate(tokens, smoothed[:, outliers], bias[outliers])
        y = self.int8.linear(self.int8.quantize_activated(most), back[kept])
        return Tokens(self.graph.op("Add", y.name, self._product(few, back[outliers])), x.rows)

    def _activate(self, tokens: Quantized, weights: Floats, bias: Floats) -> Tokens:
        y = self.int8.linear(tokens, weights)
        kind = ACTIVATIONS[self.config.hidden_act]
        return Tokens(self.graph.op(kind, y.name, self.graph.constant(bias, np.float32), domain=MICROSOFT), y.rows)

    def _outliers(self, name: str) -> NDArray[np.int64]:
        return np.sort(np.argsort(-self._largest(name))[:OUTLIERS])

    # --- what surrounds them

    def _embed(self) -> Tokens:
        graph, prefix = self.graph, f"{self.prefix}.embeddings"
        words = self.int8.rows(self.weights[f"{prefix}.word_embeddings.weight"], "input_ids")
        table = self.weights[f"{prefix}.position_embeddings.weight"]
        kinds = self.weights[f"{prefix}.token_type_embeddings.weight"]
        places = graph.op("Gather", graph.constant(table + kinds[0]), self._positions())
        x = graph.op("Reshape", graph.op("Add", words, places), self.flat)
        return self._norm(x, f"{prefix}.LayerNorm", self._attention_bias(self.layers[0]), "all")

    def _positions(self) -> str:
        graph = self.graph
        if self.prefix == "bert":
            length = graph.op("Squeeze", graph.op("Shape", "input_ids", start=1, end=2))
            return graph.op("Range", graph.constant(0, np.int64), length, graph.constant(1, np.int64))
        # RoBERTa counts what is not padding, from the padding id on
        padding = graph.constant(self.config.pad_token_id, np.int64)
        real = graph.op("Cast", graph.op("Not", graph.op("Equal", "input_ids", padding)), to=TensorProto.INT64)
        counted = graph.op("CumSum", real, graph.constant(1, np.int64))
        return graph.op("Add", graph.op("Mul", counted, real), padding)

    def _add_and_norm(self, y: Tokens, residual: Tokens, name: str, output_bias: Floats) -> Tokens:
        # two operators: ONNX Runtime's fused SkipLayerNormalization takes three times as long on a CPU
        return self._norm(self.graph.op("Add", y.name, residual.name), name, output_bias, residual.rows)

    def _norm(self, x: str, name: str, output_bias: Floats, rows: str) -> Tokens:
        scale, bias = self._vector(f"{name}.weight"), self._vector(f"{name}.bias") + output_bias
        weights = (self.graph.constant(scale), self.graph.constant(bias))
        return Tokens(
            self.graph.op("LayerNormalization", x, *weights, epsilon=self.config.layer_norm_eps, axis=-1), rows
        )

    def _head(self, first: str) -> str:
        dense, last = (
            ("bert.pooler.dense", "classifier")
            if self.prefix == "bert"
            else ("classifier.dense", "classifier.out_proj")
        )
        pooled = self.graph.op("Tanh", self._affine(first, dense))
        return self._affine(pooled, last)

    def _affine(self, x: str, name: str) -> str:
        product = self._product(Tokens(x, "first"), self._matrix(name))
        return self.graph.op("Add", product, self.graph.constant(self._vector(f"{name}.bias")))

    def _product(self, x: Tokens, weights: Floats) -> str:
        """``x @ weights`` in float32, the same bits whatever the number of rows.

        A single row is multiplied by another routine of ONNX Runtime, with another order of sums; so first
        tokens, of which there may be one, are multiplied twice over.
        """
        graph, matrix = self.graph, self.graph.constant(weights, np.float32)
        if x.rows != "first":
            return graph.op("MatMul", x.name, matrix)
        alone = graph.op("Unsqueeze", x.name, graph.constant([1], np.int64))
        twice = graph.op("MatMul", graph.op("Concat", alone, alone, axis=1), matrix)
        return graph.op("Gather", twice, graph.constant(0, np.int64), axis=1)

    def _matrix(self, name: str) -> Floats:
        """A linear layer's weights, shape (channels in, channels out)."""
        return self.weights[f"{name}.weight"].T

    def _vector(self, name: str) -> Floats:
        return self.weights[name]

    def _largest(self, name: str, carried: Floats | float = 0.0) -> Floats:
        low, high = self.ranges[name]
        return np.asarray(np.maximum(np.abs(low + carried), np.abs(high + carried)), np.float32)
