"""The tensors of a published judge: read without running anything, and compared with the base before use.

file --tensors alone--> state dict --other prefixes off--> published names --check_fit--> the base's shapes
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from guardrank.errors import TrainingError

Tensors = dict[str, torch.Tensor]
_NESTS = ("state_dict", "model_state_dict")
"""Where a training checkpoint keeps the model."""
_WRAPPING = re.compile(r"\.(modules_to_save|default)(?=\.)")
"""What PEFT puts into the names of a model in memory, and some ways of saving leave there."""


def read_tensors(file: Path) -> Tensors:
    """The state dict in ``file``, safetensors or a pickle; of a pickle nothing but tensors is ever loaded.

    Raises:
        TrainingError: it holds anything else, or is damaged.
    """
    content = _load(file)
    for nest in _NESTS:
        if isinstance(content, Mapping) and isinstance(content.get(nest), Mapping):
            content = content[nest]
    if not isinstance(content, Mapping) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise TrainingError(f"{file} holds no state dict of tensors: give the file as it was published")
    return {str(name): tensor for name, tensor in content.items()}


def _load(file: Path) -> Any:
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception:  # noqa: BLE001 (a damaged or hostile pickle raises anything)
        raise TrainingError(
            f"{file} is not loaded, since it is damaged or holds other things than tensors, which could run code: "
            "get the published file again"
        ) from None


def without_prefix(tensors: Tensors, anchor: str) -> Tensors:
    """``tensors`` without what stands before the name ``anchor``, such as the ``module.`` of DataParallel."""
    found = [name for name in tensors if name == anchor or name.endswith(f".{anchor}")]
    prefix = found[0].removesuffix(anchor) if len(found) == 1 else ""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}


def without_wrapping(tensors: Tensors) -> Tensors:
    """An adapter's ``tensors`` under the names that PEFT saves them by, without the head that it replaced."""
    return {_WRAPPING.sub("", name): tensor for name, tensor in tensors.items() if ".original_module." not in name}


def outline(config: Any) -> Any:
    """The classifier of a transformers ``config`` without weights: names and shapes alone."""
    import transformers

    classifiers: Any = transformers.AutoModelForSequenceClassification
    with torch.device("meta"):
        return classifiers.from_config(config)


def check_fit(file: Path, tensors: Tensors, wanted: Mapping[str, torch.Size], base: str) -> None:
    """Raise TrainingError unless ``tensors`` of ``file`` have the names and shapes that ``base`` takes."""
    if problem := next(_misfits(tensors, wanted), None):
        raise TrainingError(
            f"{file} does not fit {base}: {problem}; give the published file, and its own base with --base"
        )


def _misfits(tensors: Tensors, wanted: Mapping[str, torch.Size]) -> Iterator[str]:
    yield from (f"it lacks {name}" for name in wanted if name not in tensors)
    yield from (f"it holds {name}, which has no place there" for name in tensors if name not in wanted)
    for name, shape in wanted.items():
        if tensors[name].shape != shape:
            yield f"{name} is {_sizes(tensors[name].shape)}, not {_sizes(shape)}"


def _sizes(shape: torch.Size) -> str:
    return " x ".join(map(str, shape))


def save_tensors(file: Path, tensors: Tensors) -> None:
    """Write ``tensors`` as safetensors in float32, as the published code computes."""
    own = {name: tensor.detach().to(torch.float32, copy=True).contiguous() for name, tensor in tensors.items()}
    save_file(own, file, metadata={"format": "pt"})
