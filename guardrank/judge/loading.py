"""``load_judge``: a judge folder, a judge of the package, or one on the hub, as something that scores."""

from __future__ import annotations

from importlib.resources import files
from os import PathLike
from pathlib import Path

from guardrank.engine.ngrams import NGramReader
from guardrank.errors import JudgeError
from guardrank.judge.head import HeadJudge
from guardrank.judge.manifest import (
    MANIFEST_FILE,
    TOKENIZER_FILE,
    Manifest,
    judge_hash,
    read_manifest,
    verify_weights,
)
from guardrank.judge.probe import check_answer
from guardrank.judge.torch_loading import load_torch_engine, torch_files
from guardrank.judge.variants import ONNX_VARIANTS, TORCH, choose_variant

DEFAULT_JUDGE = "guardrank-mini"
"""The judge that comes with the package."""


def load_judge(
    folder_or_hub_id: str | PathLike[str],
    *,
    variant: str | None = None,
    device: str | None = None,
    base: str | None = None,
    threads: int | None = None,
) -> HeadJudge:
    """The judge in a folder that ``guardrank-train`` wrote, of the package, or in a hub repository.

    Args:
        variant: ``torch``, or an export (``int8``, ``int4``, ``fp32``); None takes an export where there is one
            and no other device than a CPU is asked for.
        device: ``cpu``, ``cuda``, ``cuda:1``... for torch; None takes the accelerator that is there.
        base: another place to find the base model in (torch only); it must be the same model.
        threads: how many rows an export scores side by side; None takes the cores that there are.

    Raises:
        JudgeError: the folder is missing, damaged, changed after it was written, or its base is; or an export
            computes something else here than where it was made.
        UsageError: the judge has no such variant.
    """
    folder = _find_folder(str(folder_or_hub_id))
    manifest = read_manifest(folder)
    chosen = choose_variant(manifest, variant, device)
    component = manifest.transformer
    needed = torch_files(component) if chosen == TORCH else (ONNX_VARIANTS[chosen].file, TOKENIZER_FILE)
    needed += (manifest.ngrams.file,) if manifest.ngrams else ()
    verify_weights(folder, manifest, chosen, needed)
    encoder = component.encoder(folder / TOKENIZER_FILE)
    engine = (
        load_torch_engine(folder, component, manifest.width, device=device, base=base)
        if chosen == TORCH
        else ONNX_VARIANTS[chosen].open(folder, threads)
    )
    ngrams = open_ngrams(folder, manifest, threads)
    judge = HeadJudge(manifest, encoder, engine, judge_hash(folder, manifest, chosen), chosen, ngrams, folder)
    check_answer(judge)
    return judge


def open_ngrams(folder: Path, manifest: Manifest, threads: int | None = None) -> NGramReader | None:
    """The judge's n-gram component, None where it has none; raises JudgeError where it cannot be read."""
    if manifest.ngrams is None:
        return None
    return NGramReader(folder / TOKENIZER_FILE, folder / manifest.ngrams.file, threads=threads)


def packaged_judges() -> dict[str, Path]:
    """Folder by name of the judges that come with the package."""
    root = Path(str(files("guardrank.data"))) / "judges"
    return {file.parent.name: file.parent for file in sorted(root.glob(f"*/{MANIFEST_FILE}"))}


def _find_folder(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    if name in (packaged := packaged_judges()):
        return packaged[name]
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
