"""``load_judge``: a judge folder, or a judge on the hub, as something that scores."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from guardrank.engine import Encoder
from guardrank.errors import JudgeError
from guardrank.judge.head import HeadJudge
from guardrank.judge.manifest import (
    MANIFEST_FILE,
    TOKENIZER_FILE,
    judge_hash,
    read_manifest,
    verify_weights,
)
from guardrank.judge.torch_loading import load_torch_engine, torch_files


def load_judge(
    folder_or_hub_id: str | PathLike[str], *, device: str | None = None, base: str | None = None
) -> HeadJudge:
    """The judge in a folder that ``guardrank-train`` wrote, or in a hub repository of the same content.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:1``...; None takes the accelerator that is there.
        base: another place to find the base model in; it must be the same model.

    Raises:
        JudgeError: the folder is missing, damaged, changed after it was written, or its base is.
    """
    folder = _find_folder(str(folder_or_hub_id))
    manifest = read_manifest(folder)
    component = manifest.components[0]
    verify_weights(folder, manifest, "torch", torch_files(component))
    encoder = Encoder(
        folder / TOKENIZER_FILE,
        template=component.template,
        max_tokens=component.max_tokens,
        truncation=component.truncation,
    )
    engine = load_torch_engine(folder, component, manifest.width, device=device, base=base)
    return HeadJudge(manifest, encoder, engine, judge_hash(folder, manifest, "torch"))


def _find_folder(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    if name.count("/") != 1 or Path(name).exists():
        raise JudgeError(f"there is no judge folder {name}: train one with guardrank-train, or give a hub id")
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(name))
    except (OSError, ValueError) as error:
        raise JudgeError(
            f"{name} is neither a folder nor a judge that the hub gave ({type(error).__name__}): "
            "train one with guardrank-train"
        ) from None
    if not (folder / MANIFEST_FILE).is_file():
        raise JudgeError(f"the hub repository {name} is no judge: it has no {MANIFEST_FILE}")
    return folder
