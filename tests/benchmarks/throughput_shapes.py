"""The two models that throughput.py scores with, written once a run, the same weights for every contender.

    embedded        the embedded base (MiniLM-L6) with a random head of 4 logits
    roberta-large   RoBERTa-large's shape with random weights

A shape's folder holds ``model`` (a transformers sequence classifier with its tokenizer), ``judge`` (a judge
folder around the same weights) and ``truth.npy`` (the logits of every row by itself, unpadded, in float32).
The head is scaled so that its logits differ from row to row by 2 (standard deviation): a fresh head says
nearly the same of every text, and then neither a difference nor a flipped decision would mean anything.

RoBERTa-large's tokenizer cannot come with a Python package; a byte-level BPE of the same size is trained on
the English rows, as the published one was on English text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from throughput_rows import MAX_TOKENS, TEMPLATE, Row, all_rows
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    RobertaConfig,
    RobertaForSequenceClassification,
    RobertaTokenizerFast,
)

from guardrank.dimensions import Dimension
from guardrank.judge import Manifest, Output, Transformer, write_manifest
from guardrank.judge.base import Base, embedded_base, hash_file, hash_weights

WIDTH = 4
_SPREAD = 2.0
_HEAD_ROWS = 64
"""Rows that the head is scaled on."""
_JUDGE_FILES = ("config.json", "model.safetensors", "tokenizer.json")
_SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


@dataclass(frozen=True)
class Recipe:
    """What a shape's folder is built from."""

    shape: str
    layers: int
    seed: int


def build(recipe: Recipe, folder: Path, rows: Sequence[Row]) -> None:
    """Write ``model``, ``judge`` and ``truth.npy``."""
    torch.manual_seed(recipe.seed)
    model, tokenizer = _embedded() if recipe.shape == "embedded" else _roberta_large(recipe.layers)
    model.eval()
    texts = [row.text for row in rows]
    _scale_head(model, logits_alone(model, tokenizer, texts[:_HEAD_ROWS]))
    model.save_pretrained(folder / "model", safe_serialization=True, max_shard_size="1TB")
    tokenizer.save_pretrained(folder / "model")
    write_judge(folder / "model", folder / "judge", model.config.pad_token_id)
    np.save(folder / "truth.npy", logits_alone(model, tokenizer, texts))


def _embedded() -> tuple[Any, Any]:
    base = embedded_base()
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=WIDTH)
    return model, AutoTokenizer.from_pretrained(base)


def _roberta_large(layers: int) -> tuple[Any, Any]:
    config = RobertaConfig(
        vocab_size=50265,
        hidden_size=1024,
        num_hidden_layers=layers,
        num_attention_heads=16,
        intermediate_size=4096,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        num_labels=WIDTH,
    )
    return RobertaForSequenceClassification(config), _byte_level_tokenizer(config.vocab_size)


def _byte_level_tokenizer(size: int) -> RobertaTokenizerFast:
    """A tokenizer of RoBERTa's kind, trained on the English rows."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=_SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((row.text for row in all_rows() if row.text.isascii()), trainer)
    return RobertaTokenizerFast(tokenizer_object=tokenizer, model_max_length=512)


def logits_alone(model: Any, tokenizer: Any, texts: Sequence[str]) -> NDArray[np.float32]:
    """Logits of each text by itself, without padding."""
    with torch.inference_mode():
        rows = [tokenizer(text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt") for text in texts]
        return torch.cat([model(**row).logits for row in rows]).float().numpy()


def _scale_head(model: Any, logits: NDArray[np.float32]) -> None:
    """Scale and shift the last layer so that each of ``logits`` would have mean 0 and deviation _SPREAD."""
    last = getattr(model.classifier, "out_proj", model.classifier)
    scale = torch.from_numpy(_SPREAD / logits.std(axis=0))
    with torch.no_grad():
        last.weight.mul_(scale[:, None])
        last.bias.copy_((last.bias - torch.from_numpy(logits.mean(axis=0))) * scale)


def write_judge(model: Path, judge: Path, pad_id: int) -> None:
    """A judge folder around the same files."""
    judge.mkdir()
    for name in _JUDGE_FILES:
        (judge / name).hardlink_to(model / name)
    # cut on the right as transformers does, so that all contenders read the same tokens
    component = Transformer(
        base=Base(id=str(model), sha256=hash_weights(model)),
        adapter=None,
        pad_id=pad_id,
        template=TEMPLATE,
        max_tokens=MAX_TOKENS,
        truncation="right",
    )
    output = Output(dimension=Dimension("toxicity"), classes=WIDTH, start=0, link="nominal")
    weights = {"torch": {name: hash_file(judge / name) for name in _JUDGE_FILES}}
    write_manifest(judge, Manifest(name="throughput", components=(component,), outputs=(output,), weights=weights))
