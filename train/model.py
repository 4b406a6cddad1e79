"""The model to train: a sequence classifier on the base, with LoRA on every linear layer or whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from guardrank.engine import load_tokenizer
from guardrank.errors import TrainingError
from guardrank.judge.base import Base, hash_weights
from guardrank.judge.manifest import TOKENIZER_FILE, Transformer
from guardrank.judge.torch_loading import load_classifier
from guardrank.train.recipe import Recipe

_DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "attention_dropout")
"""What the configs of BERT, RoBERTa and LLaMA call it."""


@dataclass
class Trainee:
    """A model under training and how it reads text."""

    model: Any
    component: Transformer
    tokenizer_file: Path


def build_trainee(recipe: Recipe, base_folder: Path, width: int) -> Trainee:
    """Load the base in ``base_folder`` and put an adapter and a head of ``width`` logits on it.

    Raises:
        TrainingError: the base has no fast tokenizer, or reads fewer tokens than the recipe wants.
    """
    component = describe_component(recipe, base_folder)
    model = load_classifier(base_folder, component, width, **training_changes(recipe, base_folder))
    tokenizer_file = find_tokenizer(base_folder)
    _check_length(model, recipe.max_tokens)
    model = model if recipe.full else add_lora(model, recipe)
    if recipe.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    if hasattr(model.config, "use_cache"):
        model.config.use_cache = False
    return Trainee(model, component, tokenizer_file)


def describe_component(recipe: Recipe, base_folder: Path) -> Transformer:
    """The manifest's entry for the model that ``recipe`` trains on ``base_folder``."""
    return Transformer(
        base=Base(id=recipe.base, sha256=hash_weights(base_folder), dtype=recipe.weights_dtype),
        adapter=None if recipe.full else "lora",
        pad_id=find_pad_id(base_folder),
        template=recipe.template,
        max_tokens=recipe.max_tokens,
        truncation=recipe.truncation,
    )


def training_changes(recipe: Recipe, base_folder: Path) -> dict[str, Any]:
    """What ``recipe`` has otherwise than the base's config, by transformers' names."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(str(base_folder), local_files_only=True, trust_remote_code=False)
    changes: dict[str, Any] = {"attn_implementation": recipe.attention} if recipe.attention else {}
    if recipe.dropout is not None:
        changes |= {name: recipe.dropout for name in _DROPOUTS if hasattr(config, name)}
    return changes


def find_tokenizer(base_folder: Path) -> Path:
    """``tokenizer.json`` of a base, converted from its slow tokenizer where there is only that."""
    file = base_folder / TOKENIZER_FILE
    if file.is_file():
        return file
    raise TrainingError(
        f"{base_folder} has no {TOKENIZER_FILE}: make one with "
        "transformers.AutoTokenizer.from_pretrained(FOLDER, use_fast=True).save_pretrained(FOLDER)"
    )


def find_pad_id(base_folder: Path) -> int:
    """The base's padding token; its end-of-text token where it has none (LLaMA), as published."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(str(base_folder), local_files_only=True, trust_remote_code=False)
    for candidate in (config.pad_token_id, config.eos_token_id):
        if isinstance(candidate, int) and candidate >= 0:
            return candidate
    padding = load_tokenizer(find_tokenizer(base_folder)).token_to_id("<pad>")
    if padding is None:
        raise TrainingError(f"{base_folder}: its config.json names neither pad_token_id nor eos_token_id")
    return int(padding)


def token_limit(config: Any) -> int | None:
    """How many tokens the model of a transformers ``config`` reads; None where that has no limit."""
    positions = getattr(config, "max_position_embeddings", None)
    if positions is None:
        return None
    # RoBERTa counts positions from padding_idx + 1, so two of its 514 are no use
    return int(positions - config.pad_token_id - 1 if "roberta" in config.model_type else positions)


def _check_length(model: Any, max_tokens: int) -> None:
    limit = token_limit(model.config)
    if limit is not None and max_tokens > limit:
        raise TrainingError(f"the base reads at most {limit} tokens: give --set max_tokens={limit} or less")


def add_lora(model: Any, recipe: Recipe) -> Any:
    """Wrap ``model`` so that its linear layers have adapters and its head is trained and saved whole."""
    from peft import LoraConfig, TaskType, get_peft_model

    prefix = model.base_model_prefix
    heads = [
        name for name, part in model.named_children() if name != prefix and any(True for _ in part.parameters())
    ]
    layers = {
        name.rpartition(".")[2]
        for name, part in model.named_modules()
        if isinstance(part, nn.Linear) and name.startswith(f"{prefix}.")
    }
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=recipe.lora.r,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        # a pattern, since RoBERTa's head holds a layer called `dense` too, and it must stay whole
        target_modules=rf"{prefix}\..*\.({'|'.join(sorted(layers))})",
        modules_to_save=heads,
    )
    return get_peft_model(model, config)


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """(trainable, all) parameters."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(n for n, trained in sizes if trained), sum(n for n, _ in sizes)


def in_inference_dtype(model: Any, device: str) -> Any:
    """The model as scoring will run it: float32 on a CPU."""
    return model.to(torch.float32) if device == "cpu" else model
