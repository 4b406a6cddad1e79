"""The ONNX engine: one-thread runs side by side, each over rows of one length, so that nothing is ever padded.

    rows of a window --sort by length--> batches of equal length --threads--> logits in the rows' order

A row's logits are the same bit for bit whatever the batch, the order, its neighbours or the number of threads:
a run computes on one thread, so no sum is split among threads; equal lengths need no padding, which would
change the order of sums; and graphs that share a batch compute every row by itself (serve/graphs: one scale a
token). A graph whose arithmetic is not known to do so (``max_rows=1``) gets its rows one by one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrank.engine.batching import batches_by_tokens
from guardrank.errors import JudgeError

TOKEN_BUDGET = 256
"""Tokens of a batch: enough rows for the matrix products, few enough for a core's own cache."""

Logits = NDArray[np.float32]


class OnnxEngine:
    """Logits of token ids, without torch.

    Args:
        model: an ONNX classifier with inputs ``input_ids`` and ``attention_mask`` and output ``logits``.
        threads: runs side by side; None takes the cores that this process may use.
        optimize: let ONNX Runtime rewrite the graph; off for graphs that were written for it.
        max_rows: rows of a batch at most; None leaves that to the token budget.
        settings: further session settings (``session.*`` keys of ONNX Runtime).

    Raises:
        JudgeError: the file is no model that ONNX Runtime can load.
    """

    def __init__(
        self,
        model: Path,
        *,
        threads: int | None = None,
        optimize: bool = True,
        max_rows: int | None = None,
        token_budget: int = TOKEN_BUDGET,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.threads = threads or usable_cores()
        self.token_budget = token_budget
        self.max_rows = max_rows
        self._session = _open_session(model, optimize, settings or {})
        self._inputs = [each.name for each in self._session.get_inputs()]
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="guardrank-onnx")

    def logits(self, ids: Sequence[Sequence[int]]) -> Logits:
        """Logits of shape (rows, width) in float32, in the order of ``ids``."""
        batches = self._batches([len(row) for row in ids])
        results = self._pool.map(lambda batch: self._run([ids[i] for i in batch]), batches)
        rows: list[Logits] = [np.empty(0, np.float32)] * len(ids)
        for batch, result in zip(batches, results, strict=True):
            for i, row in zip(batch, result, strict=True):
                rows[i] = row
        return np.stack(rows) if rows else np.empty((0, 0), np.float32)

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        if self.max_rows == 1:
            return [[i] for i in sorted(range(len(lengths)), key=lambda i: -lengths[i])]
        return list(batches_by_tokens(lengths, self.token_budget, padding=False))

    def _run(self, rows: Sequence[Sequence[int]]) -> Logits:
        ids = np.array(rows, dtype=np.int64)
        known = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        logits: Logits = self._session.run(["logits"], {name: known[name] for name in self._inputs})[0]
        return logits


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _open_session(model: Path, optimize: bool, settings: Mapping[str, str]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimize else level.ORT_DISABLE_ALL
    for key, value in settings.items():
        options.add_session_config_entry(key, value)
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 (ONNX Runtime's errors share no narrower type)
        first = str(error).partition("\n")[0]
        raise JudgeError(f"{model} cannot be loaded by ONNX Runtime ({first}): export the judge again") from None
