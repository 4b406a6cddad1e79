"""How long the rows are in tokens, and whether our encoder and transformers read the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from throughput_rows import MAX_TOKENS, TEMPLATE, Row
from transformers import AutoTokenizer

from guardrank.engine import Encoder

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def describe(folder: Path, rows: Sequence[Row]) -> dict[str, Any]:
    """Lengths after cutting, rows cut by either path, and rows that the two paths read differently."""
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    whole = tokenizer([row.text for row in rows])["input_ids"]
    theirs = tokenizer([row.text for row in rows], truncation=True, max_length=MAX_TOKENS)["input_ids"]
    encoder = Encoder(
        folder / "judge" / "tokenizer.json", template=TEMPLATE, max_tokens=MAX_TOKENS, truncation="right"
    )
    ours = encoder.encode([row.record for row in rows])
    lengths = [len(ids) for ids in theirs]
    return {
        "rows": len(rows),
        "vocabulary": len(tokenizer),
        "lengths": lengths,
        "mean_tokens": float(np.mean(lengths)),
        "quantiles": {str(q): float(np.quantile(lengths, q)) for q in _QUANTILES},
        "cut_by_transformers": sum(len(ids) > MAX_TOKENS for ids in whole),
        "cut_by_guardrank": sum(row.truncated for row in ours),
        "read_differently": sum(mine.ids != ids for mine, ids in zip(ours, theirs, strict=True)),
    }
