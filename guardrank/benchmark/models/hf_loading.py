"""Processor, weights and chat template of a transformers model; whatever goes wrong there is one sentence."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from guardrank.benchmark.models.base import ModelOptions
from guardrank.benchmark.models.hf_source import Source
from guardrank.console import warn
from guardrank.errors import GuardRankError, MissingExtraError, UsageError

try:
    import torch
    from huggingface_hub.utils.tqdm import enable_progress_bars

    transformers: Any = importlib.import_module("transformers")  # its annotations are partial
except ImportError:
    raise MissingExtraError("running a model", "bench") from None


def load_processor(source: Source, trusted: bool) -> Any:
    """The model's processor; without torchvision, of one that also reads videos, all but the part for those."""
    try:
        return transformers.AutoProcessor.from_pretrained(**source.where, trust_remote_code=trusted)
    except ImportError:
        if transformers.utils.is_torchvision_available():
            raise
    config = transformers.AutoConfig.from_pretrained(**source.where, trust_remote_code=trusted)
    whole = transformers.PROCESSOR_MAPPING[type(config)]
    parts = [name for name in whole.attributes if name != "video_processor"]
    for_images: Any = type(whole.__name__, (whole,), {"attributes": parts})
    return for_images.from_pretrained(**source.where, trust_remote_code=trusted)


def load_weights(source: Source, options: ModelOptions, device: str, dtype: str) -> Any:
    """The model with all its weights; raises GuardRankError where the files lack some."""
    model, report = transformers.AutoModelForImageTextToText.from_pretrained(
        **source.where,
        dtype=getattr(torch, dtype),
        device_map="auto" if device == "cuda" and options.device is None else {"": device},
        trust_remote_code=options.trust_remote_code,
        use_safetensors=True,
        output_loading_info=True,
    )
    if missing := sorted(report["missing_keys"]):  # transformers would draw them at random
        raise GuardRankError(f"hf:{source.id}: the weights lack {len(missing)} tensors, the first is {missing[0]}")
    if unused := sorted(report["unexpected_keys"]):
        warn(f"{source.id}: {len(unused)} tensors have no place in the model, the first is {unused[0]}.")
    if {"cpu", "disk"} & {str(place) for place in getattr(model, "hf_device_map", {}).values()} and device != "cpu":
        warn(f"{source.id} does not fit the GPU: part of it stays in the machine's memory, which is slow.")
    return model.eval()


def find_template(processor: Any, rest: str, file: str | None) -> str:
    """The chat template: the one in ``file``, or else the model's own."""
    if file is not None:
        try:
            return Path(file).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"--set template={file}: there is no such text file") from None
    for owner in (processor, getattr(processor, "tokenizer", None)):
        template = getattr(owner, "chat_template", None)
        template = template.get("default") if isinstance(template, dict) else template
        if template:
            return str(template)
    raise UsageError(f"--model hf:{rest} has no chat template: give one, in Jinja, with --set template=FILE")


@contextmanager
def in_one_sentence(rest: str) -> Iterator[None]:
    """What goes wrong in transformers, as one sentence."""
    try:
        yield
    except GuardRankError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a checkpoint of strangers brings about
        text = " ".join(str(error).split())
        if "trust_remote_code" in text:
            advice = "read that code, then give --trust-remote-code"
            raise UsageError(f"--model hf:{rest} needs code of its own: {advice}") from None
        first = text.split(". ")[0].rstrip(".")[:200]
        raise GuardRankError(f"--model hf:{rest} cannot be loaded ({type(error).__name__}: {first})") from None


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back transformers' advice and its bars, not the hub's, which show how a download goes on."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.set_verbosity_error()
        if bars:
            logging.disable_progress_bar()
            enable_progress_bars()
        try:
            yield
        finally:
            logging.set_verbosity(level)
            if bars:
                logging.enable_progress_bar()
