"""LLaMA-2-7B's shape with random weights on disk, a base and an adapter, written one layer at a time.

A base as published (safetensors shards with an index, in bfloat16, without a head) and a LoRA adapter of rank
16 on every linear layer with a head in float32, as guardrank-train leaves them. Values do not change speed or
memory; they are drawn so that the adapter and the head matter for the logits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import LlamaConfig

HIDDEN, INTERMEDIATE, HEADS, VOCABULARY = 4096, 11008, 32, 32000
RANK, ALPHA = 16, 32
WIDTH = 4
PAD_ID = 2
_STD = 0.02
"""Of all weights: LLaMA's ``initializer_range``; what the adapter adds is then a sixth of the base's weights."""


def write_base(folder: Path, layers: int, seed: int) -> int:
    """The base model: one shard a layer, one for the rest, and an index; returns its number of parameters."""
    folder.mkdir(parents=True)
    torch.manual_seed(seed)
    places, count = {}, 0
    for number, tensors in enumerate(_shards(layers)):
        name = f"model-{number + 1:05}-of-{layers + 1:05}.safetensors"
        save_file(tensors, folder / name, metadata={"format": "pt"})
        places.update(dict.fromkeys(tensors, name))
        count += _count(tensors)
    index = json.dumps({"metadata": {}, "weight_map": places})
    (folder / "model.safetensors.index.json").write_text(index, encoding="utf-8")
    config(layers).save_pretrained(folder)
    return count


def write_adapter(folder: Path, layers: int, seed: int) -> int:
    """The adapter and the head; returns their number of parameters."""
    from peft import LoraConfig, TaskType

    folder.mkdir(parents=True)
    torch.manual_seed(seed + 1)
    tensors = {"base_model.model.score.weight": torch.randn(WIDTH, HIDDEN) * _STD}
    for name, (rows, columns) in _linear_layers(layers):
        stem = f"base_model.model.{name}"
        tensors[f"{stem}.lora_A.weight"] = torch.randn(RANK, columns) * _STD
        tensors[f"{stem}.lora_B.weight"] = torch.randn(rows, RANK) * _STD
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    targets = sorted({name.rpartition(".")[2] for name, _ in _linear_layers(1)})
    LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=RANK,
        lora_alpha=ALPHA,
        target_modules=targets,
        modules_to_save=["score"],
        inference_mode=True,
    ).save_pretrained(str(folder))
    return _count(tensors)


def config(layers: int) -> LlamaConfig:
    """LLaMA-2-7B's configuration with ``layers`` layers, as a classifier."""
    return LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=HIDDEN,
        intermediate_size=INTERMEDIATE,
        num_hidden_layers=layers,
        num_attention_heads=HEADS,
        max_position_embeddings=4096,
        num_labels=WIDTH,
        pad_token_id=PAD_ID,
        use_cache=False,
        dtype="bfloat16",
    )


def _shards(layers: int) -> Iterator[dict[str, Tensor]]:
    """The base's tensors in bfloat16, a layer at a time."""
    yield {"model.embed_tokens.weight": _normal(VOCABULARY, HIDDEN), "model.norm.weight": _ones()}
    for number in range(layers):
        prefix = f"model.layers.{number}"
        tensors = {f"{name}.weight": _normal(*size) for name, size in _linear_layers(1, first=number)}
        norms = ("input_layernorm", "post_attention_layernorm")
        yield tensors | {f"{prefix}.{norm}.weight": _ones() for norm in norms}


def _linear_layers(layers: int, first: int = 0) -> Iterator[tuple[str, tuple[int, int]]]:
    """Name and (out, in) of each linear layer."""
    square, wide, narrow = (HIDDEN, HIDDEN), (INTERMEDIATE, HIDDEN), (HIDDEN, INTERMEDIATE)
    for number in range(first, first + layers):
        for name in "qkvo":
            yield f"model.layers.{number}.self_attn.{name}_proj", square
        for name, size in (("gate", wide), ("up", wide), ("down", narrow)):
            yield f"model.layers.{number}.mlp.{name}_proj", size


def _count(tensors: dict[str, Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors.values())


def _normal(rows: int, columns: int) -> Tensor:
    return torch.randn(rows, columns).mul_(_STD).to(torch.bfloat16)


def _ones() -> Tensor:
    return torch.ones(HIDDEN, dtype=torch.bfloat16)
