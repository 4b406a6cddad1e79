"""An English BERT that can tell Chinese characters apart: a row for each, started from its gloss in English.

    猫  "cat"                    ──tokenizer, rows of the words──> mean of the senses ──+ noise──> its new row
    骂  "accuse; blame; curse"

The embedded base knows 244 Chinese characters and reads all others as one [UNK]. Earlier senses weigh more (1, 1/2,
1/3...); the noise keeps characters of the same gloss apart. The result is a base like any other, for ``--base``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from guardrank.engine.encoding import load_tokenizer
from guardrank.errors import TrainingError
from guardrank.judge.manifest import TOKENIZER_FILE
from guardrank.train.glosses import senses

NOISE = 0.3
"""Standard deviation of a new row's noise, as a share of that of all rows."""
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"

Rows = NDArray[np.float32]


def add_characters(base: Path, out: Path, glosses: Mapping[str, str], *, seed: int = 13) -> int:
    """Write to ``out`` the base with a row for each character that its vocabulary lacks; returns how many.

    Args:
        base: folder of a BERT with a WordPiece vocabulary; its ids stay as they are.
        glosses: English gloss by character (``guardrank.train.glosses``).

    Raises:
        TrainingError: the base is no such BERT.
    """
    settings = _read_wordpiece(base)
    vocabulary = settings["model"]["vocab"]
    new = {character: gloss for character, gloss in glosses.items() if character not in vocabulary}
    weights = load_file(base / _WEIGHTS)
    name = next(key for key in weights if key.endswith("word_embeddings.weight"))
    rows = weights[name].astype(np.float32)
    start = len(rows)
    noise = np.random.default_rng(seed).standard_normal((len(new), rows.shape[1]), dtype=np.float32)
    tokenizer = load_tokenizer(base / TOKENIZER_FILE)
    meant = np.stack([_meaning(tokenizer, rows, gloss) for gloss in new.values()]) if new else rows[:0]
    weights[name] = np.concatenate([rows, meant + NOISE * rows.std(axis=0) * noise])
    vocabulary |= {character: start + place for place, character in enumerate(new)}
    _write(base, out, settings, weights, size=len(weights[name]))
    return len(new)


def _read_wordpiece(base: Path) -> dict[str, dict[str, dict[str, int]]]:
    file = base / TOKENIZER_FILE
    settings = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if settings.get("model", {}).get("type") != "WordPiece" or not (base / _WEIGHTS).is_file():
        raise TrainingError(f"{base} is no BERT with a WordPiece vocabulary: take --base embedded")
    return dict(settings)


def _meaning(tokenizer: Tokenizer, rows: Rows, gloss: str) -> Rows:
    """The weighted mean of the senses' means, shape (hidden,); of all rows where the gloss has no words."""
    ids = [tokenizer.encode(sense, add_special_tokens=False).ids for sense in senses(gloss)]
    means = [rows[own].mean(axis=0) for own in ids if own]
    if not means:
        return np.asarray(rows.mean(axis=0))
    return np.average(means, axis=0, weights=1 / np.arange(1, len(means) + 1)).astype(np.float32)


def _write(base: Path, out: Path, settings: Mapping[str, object], weights: dict[str, Rows], *, size: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    config = json.loads((base / _CONFIG).read_text("utf-8")) | {"vocab_size": size}
    (out / _CONFIG).write_text(json.dumps(config, indent=2), encoding="utf-8")
    (out / TOKENIZER_FILE).write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")
    save_file(weights, out / _WEIGHTS, metadata={"format": "pt"})
    for note in ("LICENSE", "README.md"):
        if (base / note).is_file():
            shutil.copyfile(base / note, out / note)


def han_share(text: str) -> float:
    """Share of a text's characters that are Chinese ones, in [0, 1]."""
    return sum("\u3400" <= character <= "\u9fff" for character in text) / max(1, len(text))
