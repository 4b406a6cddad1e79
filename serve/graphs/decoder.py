"""A LLaMA classifier as an ONNX graph, written layer by layer from weights that come one tensor at a time.

    ids, mask -> embed -> [norm -> attention -> + -> norm -> MLP -> +] x layers -> norm -> head -> logits

The head reads the token of the mask's last 1, wherever the padding is and whatever the ids are. So the last
layer computes keys and values of all tokens, and everything else of that token alone.

A row's logits are the same bit for bit whatever rows of its length share the batch. MatMulNBits rounds the last
of an odd number of tokens otherwise than tokens in pairs, so there is never an odd number: rows are padded to
an even length, and the last layer computes its token twice.

A session needs no settings. ONNX Runtime packs each weight for its kernels while it loads and lets go of the
file's copy, so the memory taken is that of the packed weights, much the file's size; without packing
(``session.disable_prepacking``) it is no less, and twenty times slower.
"""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto

from guardrank.serve.graphs.blockwise import BLOCK_SIZE, Bits, linear
from guardrank.serve.graphs.decoder_inputs import Inputs, read_inputs
from guardrank.serve.graphs.decoder_shape import DecoderShape
from guardrank.serve.graphs.decoder_weights import Weights
from guardrank.serve.graphs.graph import MICROSOFT, Graph


def build_decoder(
    file: Path, config: Any, weights: Weights, *, bits: Bits | None, block_size: int = BLOCK_SIZE
) -> list[Path]:
    """Write the graph of a LlamaForSequenceClassification to ``file``, its weights to ``FILE.data``.

    Args:
        config: the model's transformers configuration.
        weights: its tensors, the adapter merged.
        bits: of the stored linear layers; None keeps everything in float32.
        block_size: weights that share a scale.

    Returns:
        The files written.

    Raises:
        JudgeError: the configuration is of a kind that the graph does not know, or a tensor is missing.
    """
    shape = DecoderShape.from_config(config)
    with closing(Graph(file, external=True)) as graph:
        logits = _Decoder(graph, shape, weights, bits, block_size).logits()
        return graph.save(logits, f"LLaMA, {bits or 32}-bit weights")


class _Decoder:
    """The graph under construction. Shapes are of b rows, t tokens and h hidden values."""

    def __init__(
        self, graph: Graph, shape: DecoderShape, weights: Weights, bits: Bits | None, block_size: int
    ) -> None:
        self.graph, self.shape, self.weights = graph, shape, weights
        self.bits, self.block_size = bits, block_size
        self.inputs: Inputs = read_inputs(graph)
        self.rotations = [graph.constant(table) for table in shape.rotations()]
        self.from_start = graph.constant([0], np.int64)

    def logits(self) -> str:
        """(b, width)."""
        hidden = self._embed()
        for number in range(self.shape.layers):
            prefix = f"model.layers.{number}"
            hidden = self._attend(prefix, hidden, pool=number == self.shape.layers - 1)
            hidden = self._transform(prefix, hidden)
        pooled = self._norm(hidden, "model.norm")
        both = self.graph.op("MatMul", pooled, self.graph.constant(self.weights.get("score.weight").T))
        return self.graph.op("Gather", both, self.graph.constant(0, np.int64), axis=1)

    def _embed(self) -> str:
        """(b, t, h). The table takes 16 bits a value beside quantised layers: its error is far below theirs."""
        table = self.weights.get("model.embed_tokens.weight")
        stored = self.graph.constant(table, np.float32 if self.bits is None else np.float16)
        return self.graph.op("Cast", self.graph.op("Gather", stored, self.inputs.ids), to=TensorProto.FLOAT)

    def _attend(self, prefix: str, hidden: str, *, pool: bool) -> str:
        """Attention, (b, t, h) -> (b, t, h); with ``pool`` of the last token alone, twice: (b, 2, h)."""
        inputs = asking = self._norm(hidden, f"{prefix}.input_layernorm")
        places, seen = self.from_start, self.inputs.seen_before
        if pool:
            places, seen = self.inputs.last, self.inputs.seen
            asking, hidden = self._at_last(inputs), self._at_last(hidden)
        query = self._rotate(self._linear(asking, f"{prefix}.self_attn.q_proj"), places)
        key = self._rotate(self._linear(inputs, f"{prefix}.self_attn.k_proj"), self.from_start)
        value = self._linear(inputs, f"{prefix}.self_attn.v_proj")
        mixed = self._mix(query, key, value, seen)
        return self.graph.op("Add", hidden, self._linear(mixed, f"{prefix}.self_attn.o_proj"))

    def _mix(self, query: str, key: str, value: str, seen: str) -> str:
        """The values that q queries see, weighted: (b, q, heads * size).

        Queries that share a key's head stand below each other: (b, key heads, q * heads / key heads, size).
        """
        op, reshape = self.graph.op, self._reshape
        heads, key_heads, size = self.shape.heads, self.shape.key_heads, self.shape.head_size
        query = reshape(self._split(query, heads), 0, key_heads, -1, size)
        key, value = self._split(key, key_heads), self._split(value, key_heads)
        scores = op("FusedMatMul", query, key, domain=MICROSOFT, transB=1, alpha=1 / math.sqrt(size))
        shares = op("Softmax", op("Add", reshape(scores, 0, heads, -1, 0), seen))
        mixed = op("MatMul", reshape(shares, 0, key_heads, -1, 0), value)
        return reshape(op("Transpose", reshape(mixed, 0, heads, -1, size), perm=[0, 2, 1, 3]), 0, 0, -1)

    def _transform(self, prefix: str, hidden: str) -> str:
        """The MLP, (b, q, h) -> (b, q, h)."""
        op = self.graph.op
        inputs = self._norm(hidden, f"{prefix}.post_attention_layernorm")
        gate = self._linear(inputs, f"{prefix}.mlp.gate_proj")
        silu = op("QuickGelu", gate, domain=MICROSOFT, alpha=1.0)  # x * sigmoid(alpha * x)
        product = op("Mul", silu, self._linear(inputs, f"{prefix}.mlp.up_proj"))
        return op("Add", hidden, self._linear(product, f"{prefix}.mlp.down_proj"))

    def _linear(self, inputs: str, name: str) -> str:
        return linear(self.graph, inputs, self.weights.get(f"{name}.weight"), self.bits, self.block_size)

    def _norm(self, hidden: str, name: str) -> str:
        """Root mean square normalisation."""
        scale = self.graph.constant(self.weights.get(f"{name}.weight"))
        return self.graph.op("SimplifiedLayerNormalization", hidden, scale, epsilon=self.shape.norm_epsilon)

    def _rotate(self, heads: str, places: str) -> str:
        """Rotary position embedding of (b, q, heads * size) at ``places`` (b, q), or counted from the start."""
        return self.graph.op("RotaryEmbedding", heads, places, *self.rotations, domain=MICROSOFT)

    def _at_last(self, hidden: str) -> str:
        """(b, t, h) -> (b, 2, h): the token that the head reads, twice."""
        places = self.graph.op("Unsqueeze", self.inputs.last, self.graph.constant([2], np.int64))
        return self.graph.op("GatherND", hidden, places, batch_dims=1)

    def _split(self, heads: str, count: int) -> str:
        """(b, q, count * size) -> (b, count, q, size)."""
        apart = self._reshape(heads, 0, 0, count, self.shape.head_size)
        return self.graph.op("Transpose", apart, perm=[0, 2, 1, 3])

    def _reshape(self, tensor: str, *sizes: int) -> str:
        """0 keeps the size at its place, -1 takes what is left."""
        return self.graph.op("Reshape", tensor, self.graph.constant(sizes, np.int64))
