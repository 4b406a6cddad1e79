"""The judges that the MLLMGuard paper published, as judge folders: packed, not trained.

    hallucination.pt    state dict of a module on RoBERTa   -> a whole classifier     truthfulness
    guardrank_lora/     PEFT adapter on LLaMA-2, with head  -> the same adapter       the other four dimensions

Template, length and the cut on the right are the paper recipes'; the score is decided as the published code does,
from the logits in float32.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from guardrank.calibration import Decode
from guardrank.dimensions import Dimension
from guardrank.errors import TrainingError, UsageError
from guardrank.judge import Calibration, Manifest, Output, Transformer
from guardrank.judge.base import Base, hash_file, hash_weights, resolve_base
from guardrank.judge.kept_rows import kept_rows_file
from guardrank.judge.manifest import TOKENIZER_FILE
from guardrank.judge.torch_loading import torch_files
from guardrank.train.card import packed_card
from guardrank.train.judge_folder import PACKAGES, finish_judge
from guardrank.train.model import find_pad_id, find_tokenizer, token_limit
from guardrank.train.published_adapter import pack_adapter
from guardrank.train.published_encoder import pack_encoder
from guardrank.train.recipe import load_recipe
from guardrank.train.targets import lay_out_outputs
from guardrank.versions import library_versions

_NO_FIGURES: Final[dict[str, Any]] = {"dev": {}, "constant": [], "chance": []}
"""metrics.json of a judge that was not measured."""


@dataclass(frozen=True)
class _Kind:
    """One of the two published judges; ``recipe`` says how it reads text."""

    recipe: str
    family: str
    dimensions: tuple[Dimension, ...]
    decode: Decode
    adapter: bool

    @property
    def outputs(self) -> tuple[Output, ...]:
        """One set of logits for all dimensions, uncalibrated."""
        calibration = Calibration(decode=self.decode)
        outputs = lay_out_outputs(self.dimensions, "nominal", shared=True)
        return tuple(output.model_copy(update={"calibration": calibration}) for output in outputs)


_ENCODER = _Kind("paper-truthfulness", "roberta", (Dimension.TRUTHFULNESS,), "relu_argmax", adapter=False)
_VALUES = (Dimension.PRIVACY, Dimension.BIAS, Dimension.TOXICITY, Dimension.LEGALITY)
_DECODER = _Kind("paper-values", "llama", _VALUES, "argmax", adapter=True)


def default_out(published: Path) -> Path:
    """Where the judge goes unless the user says; raises UsageError where ``published`` does not exist."""
    return Path("judges") / _kind_of(published).recipe.replace("paper", "published")


def _kind_of(published: Path) -> _Kind:
    if published.is_dir():
        return _DECODER
    if published.is_file():
        return _ENCODER
    raise UsageError(f"there is no {published}: give hallucination.pt or the folder guardrank_lora")


def pack_published(published: Path, base: str, out: Path) -> Manifest:
    """Write the judge folder ``out``, replacing the judge that is there, and return its manifest.

    Args:
        published: the state dict's file, or the adapter's folder.
        base: folder or hub id of the base; its weights are read for the adapter alone.

    Raises:
        UsageError: there is no such file.
        JudgeError: there is no such base.
        TrainingError: the file holds other things than tensors, or others than the base takes.
    """
    kind = _kind_of(published)
    base_folder = resolve_base(base)
    config = _read_config(base_folder, kind)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
        draft = Path(work) / "judge-new"
        draft.mkdir()
        shutil.copyfile(find_tokenizer(base_folder), draft / TOKENIZER_FILE)
        files = (pack_adapter if kind.adapter else pack_encoder)(published, config, base, draft)
        component = _component(kind, base, base_folder)
        manifest = Manifest(
            name=out.name,
            components=(component,),
            outputs=kind.outputs,
            training={"packed_from": {file.name: hash_file(file) for file in files}},
            versions=library_versions(PACKAGES),
            weights={"torch": {name: hash_file(draft / name) for name in torch_files(component)}},
        )
        finish_judge(draft, out, manifest, _NO_FIGURES, packed_card(manifest))
    kept_rows_file(out).unlink(missing_ok=True)  # those of the judge that was here
    return manifest


def _component(kind: _Kind, base: str, base_folder: Path) -> Transformer:
    recipe = load_recipe(kind.recipe)
    # a whole model holds all of its weights, and nobody knows which base they once were
    sha256 = hash_weights(base_folder) if kind.adapter else ""
    return Transformer(
        base=Base(id=base, sha256=sha256, dtype="float32"),
        adapter="lora" if kind.adapter else None,
        pad_id=find_pad_id(base_folder),
        template=recipe.template,
        max_tokens=recipe.max_tokens,
        truncation=recipe.truncation,
    )


def _read_config(base_folder: Path, kind: _Kind) -> Any:
    """The base's transformers configuration with the head's width; raises TrainingError for an unfit base."""
    from transformers import AutoConfig

    if not (base_folder / "config.json").is_file():
        raise TrainingError(f"{base_folder} has no config.json: give the whole folder of the base with --base")
    width = max(output.columns.stop for output in kind.outputs)
    config = AutoConfig.from_pretrained(
        str(base_folder), num_labels=width, local_files_only=True, trust_remote_code=False
    )
    if config.model_type != kind.family:
        raise TrainingError(
            f"{base_folder} is {config.model_type}, the published judge {kind.family}: give its base with --base"
        )
    limit, wanted = token_limit(config), load_recipe(kind.recipe).max_tokens
    if limit is not None and limit < wanted:
        raise TrainingError(
            f"{base_folder} reads at most {limit} tokens, the published judge {wanted}: give its base with --base"
        )
    return config
