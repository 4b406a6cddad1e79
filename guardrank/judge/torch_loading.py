"""The torch variant of a judge folder: base, adapter and classification head put together again."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from guardrank.engine.torch_engine import TorchEngine, pick_device
from guardrank.errors import JudgeError
from guardrank.judge.base import resolve_base
from guardrank.judge.last_token import read_last_real_token
from guardrank.judge.manifest import TOKENIZER_FILE, Transformer

ADAPTER_FILE = "adapter_model.safetensors"
_ADAPTER_FILES = ("adapter_config.json", ADAPTER_FILE, TOKENIZER_FILE)
_WHOLE_FILES = ("config.json", "model.safetensors", TOKENIZER_FILE)


def torch_files(component: Transformer) -> tuple[str, ...]:
    """The files of a judge folder that the torch variant is loaded from."""
    return _WHOLE_FILES if component.adapter is None else _ADAPTER_FILES


def load_torch_engine(
    folder: Path, component: Transformer, width: int, *, device: str | None = None, base: str | None = None
) -> TorchEngine:
    """The engine of a judge folder; ``base`` replaces where the base model is looked for, not which it is.

    Raises:
        JudgeError: the base is missing or another one, or the folder holds no classification head.
    """
    chosen = pick_device(device)
    model = load_model(folder, component, width, base=base)
    return TorchEngine(on_cpu(model) if chosen == "cpu" else model, pad_id=component.pad_id, device=chosen)


def on_cpu(model: Any) -> Any:
    """``model`` as a CPU computes it: in float32, unless it then takes over half of the machine's memory.

    The base keeps the rounding that it was trained with.
    """
    size = 4 * sum(parameter.numel() for parameter in model.parameters())
    return model.float() if size < _memory() / 2 else model


def _memory() -> int:
    """Bytes of memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 16 << 30


def load_model(folder: Path, component: Transformer, width: int, *, base: str | None = None) -> Any:
    """The transformers classifier of a judge folder in its base's dtype, its adapter beside it (not merged)."""
    if component.adapter is None:
        return load_classifier(folder, component, width)
    source = resolve_base(base or component.base.id)
    component.base.verify(source)
    return _with_adapter(load_classifier(source, component, width), folder)


def load_classifier(source: Path, component: Transformer, width: int, **changes: Any) -> Any:
    """A transformers sequence classifier from ``source`` with ``width`` logits, in the base's dtype.

    ``changes`` are values of its config that training has otherwise.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    with _quiet("transformers"):
        model = AutoModelForSequenceClassification.from_pretrained(
            str(source),
            num_labels=width,
            dtype=getattr(torch, component.base.dtype),
            pad_token_id=component.pad_id,
            local_files_only=True,
            trust_remote_code=False,
            **changes,
        )
    return read_last_real_token(model)


@contextmanager
def _quiet(logger_name: str) -> Iterator[None]:
    """Hold back the warning that the head is new: it is about to be trained, or filled from the judge folder."""
    logger = logging.getLogger(logger_name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _with_adapter(model: Any, folder: Path) -> Any:
    from peft import PeftModel
    from safetensors import safe_open

    with safe_open(folder / ADAPTER_FILE, framework="np") as weights:
        has_head = any("lora_" not in name for name in weights.keys())  # noqa: SIM118 (not a dict)
    if not has_head:
        raise JudgeError(f"{folder}: the adapter holds no classification head; train it again")
    return PeftModel.from_pretrained(model, str(folder))
