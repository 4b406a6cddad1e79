"""The published LLaMA-2 judge: a PEFT folder, whose adapter and head stay as they are.

    adapter_config.json   as published, but for the base's id
    adapter_model.*       -> adapter_model.safetensors in float32, under the names that PEFT saves by

What must be in there follows from the configuration: PEFT makes the adapter for it on a base without weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import torch

from guardrank.errors import TrainingError
from guardrank.judge.torch_loading import ADAPTER_FILE
from guardrank.train.published_weights import (
    check_fit,
    outline,
    read_tensors,
    save_tensors,
    without_prefix,
    without_wrapping,
)

_CONFIG_FILE = "adapter_config.json"


def pack_adapter(folder: Path, config: Any, base: str, draft: Path) -> list[Path]:
    """Write the adapter with its head to ``draft``; returns the files that it was read from."""
    from peft import LoraConfig, get_peft_model, get_peft_model_state_dict

    settings = _read_adapter_config(folder)
    file = _find_adapter(folder)
    lora = LoraConfig.from_pretrained(str(folder))
    lora.base_model_name_or_path = None  # the base that its authors had
    try:
        with torch.device("meta"):
            model = get_peft_model(outline(config), lora)
    except ValueError as error:
        raise TrainingError(
            f"the adapter in {folder} does not fit {base}: {str(error).partition('.')[0]}"
        ) from None
    shapes = {
        name: tensor.shape for name, tensor in get_peft_model_state_dict(model, save_embedding_layers=False).items()
    }
    tensors = without_prefix(without_wrapping(read_tensors(file)), "base_model.model.score.weight")
    check_fit(file, tensors, shapes, base)
    save_tensors(draft / ADAPTER_FILE, tensors)
    own = settings | {"base_model_name_or_path": base}
    (draft / _CONFIG_FILE).write_bytes(orjson.dumps(own, option=orjson.OPT_INDENT_2))
    return [folder / _CONFIG_FILE, file]


def _read_adapter_config(folder: Path) -> dict[str, Any]:
    file = folder / _CONFIG_FILE
    try:
        settings = orjson.loads(file.read_bytes()) if file.is_file() else None
    except orjson.JSONDecodeError:
        settings = None
    if not isinstance(settings, dict):
        raise TrainingError(f"{folder} holds no adapter: give the folder that has a readable {_CONFIG_FILE}")
    kind = (settings.get("peft_type"), settings.get("task_type"))
    if kind != ("LORA", "SEQ_CLS"):
        raise TrainingError(f"{file} is of {kind[0]} for {kind[1]}: only LORA for SEQ_CLS was published")
    return settings


def _find_adapter(folder: Path) -> Path:
    for name in (ADAPTER_FILE, "adapter_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise TrainingError(f"{folder} holds no {ADAPTER_FILE} nor adapter_model.bin: copy the whole folder")
