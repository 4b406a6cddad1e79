"""Source: where a transformers model comes from, a folder or the hub, and what its files are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardrank.errors import UsageError
from guardrank.judge.base import hash_file

_SHAPING = {".json", ".safetensors", ".jinja", ".model", ".txt", ".py"}
"""Suffixes of the files that a model, its tokenizer and its processor are loaded from."""


@dataclass(frozen=True)
class Source:
    """Where a model comes from: a folder, or a hub id with or without revision."""

    id: str
    revision: str | None = None
    folder: Path | None = None

    @classmethod
    def parse(cls, rest: str) -> Source:
        """The source that ``rest`` of ``hf:rest`` names; raises UsageError for a folder that cannot be one."""
        folder = Path(rest).expanduser()
        if rest and folder.is_dir():
            if not any(folder.glob("*.safetensors")):
                raise UsageError(f"--model hf:{rest}: no *.safetensors there, the only weights that are read")
            return cls(folder.resolve().name, folder=folder.resolve())
        name, _, revision = rest.partition("@")
        if not name or name.startswith((".", "/", "~")) or name.count("/") > 1:
            raise UsageError(f"--model hf:{rest}: there is no such folder")
        return cls(name, revision or None)

    @property
    def where(self) -> dict[str, Any]:
        """The arguments by which transformers finds it; for a folder it asks nobody."""
        name, local = str(self.folder or self.id), self.folder is not None
        revision = self.revision or "main"
        return {"pretrained_model_name_or_path": name, "revision": revision, "local_files_only": local}

    def sha256(self) -> str | None:
        """Over names and hashes of the files that shape the model; None for the hub, whose commit says it."""
        if self.folder is None:
            return None
        files = sorted(file for file in self.folder.iterdir() if file.suffix in _SHAPING and file.is_file())
        lines = "".join(f"{file.name} {hash_file(file)}\n" for file in files)
        return hashlib.sha256(lines.encode()).hexdigest()
