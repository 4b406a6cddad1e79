"""The judge as trained, on its way into other forms: reference logits first, then merged, then written.

    TrainedModel --logits--> what every export is compared with
                 --write---> fp32  optimum's export of the merged model
                             int8  serve/graphs/encoder (BERT, RoBERTa), serve/graphs/decoder (LLaMA)
                             int4  serve/graphs/decoder

Adapters are merged in float32 into the base as the judge was trained on it, never into a quantised one.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrank.engine.torch_engine import TorchEngine
from guardrank.errors import GuardRankError, UsageError
from guardrank.judge.base import resolve_base
from guardrank.judge.manifest import Manifest
from guardrank.judge.torch_loading import load_model, on_cpu
from guardrank.judge.variants import ONNX_VARIANTS
from guardrank.serve.graphs.calibration import input_ranges
from guardrank.serve.graphs.decoder import build_decoder
from guardrank.serve.graphs.decoder_weights import FolderWeights
from guardrank.serve.graphs.encoder import build_encoder, check_family

Ids = Sequence[Sequence[int]]
LLAMA = "llama"
CONFIG_FILE = "config.json"


class TrainedModel:
    """The torch judge in ``folder``, loaded.

    Args:
        base: another place to find the base model in.

    Raises:
        JudgeError: the base is missing, or is another one.
    """

    def __init__(self, folder: Path, manifest: Manifest, base: str | None = None) -> None:
        self.folder = folder
        self.component = manifest.transformer
        self.base = base
        self._model = on_cpu(load_model(folder, self.component, manifest.width, base=base)).eval()
        self.config = self._model.config
        self._is_merged = self.component.adapter is None

    @property
    def is_decoder(self) -> bool:
        """Whether it is a LLaMA."""
        return bool(self.config.model_type == LLAMA)

    def logits(self, ids: Ids) -> NDArray[np.float32]:
        """What the torch judge says, shape (rows, width); to be asked before anything is written."""
        return TorchEngine(self._model, pad_id=self.component.pad_id).logits(ids)

    def release(self) -> None:
        """Let go of a decoder's weights: its exports read them from disk, one by one."""
        if self.is_decoder:
            self._model = None
            gc.collect()

    def write(self, precision: str, target: Path, calibration: Ids) -> list[Path]:
        """Write an export to the folder ``target`` and return its files.

        Args:
            calibration: token ids of real rows, for int8.

        Raises:
            UsageError: the model is of a kind that has no such export.
            GuardRankError: int8 of an encoder, and nothing to calibrate it with.
        """
        file = target / ONNX_VARIANTS[precision].file
        if precision == "fp32":
            return self._write_fp32(target)
        if self.is_decoder:
            return build_decoder(file, self.config, self._weights_on_disk(), bits=8 if precision == "int8" else 4)
        if precision == "int4":
            raise UsageError(f"int4 is made for llama, not for {self.config.model_type}: use --precision int8")
        check_family(self.config)
        if not calibration:
            raise GuardRankError("int8 takes rows to calibrate with: give --gate-data rows of more than one prompt")
        model = self._merged()
        ranges = input_ranges(model, calibration)
        weights = {name: tensor.float().numpy() for name, tensor in model.state_dict().items()}
        return build_encoder(file, self.config, weights, ranges)

    def write_config(self, target: Path) -> Path:
        """``config.json``, by which optimum and transformers know an exported folder."""
        self.config.save_pretrained(target)
        return target / CONFIG_FILE

    def _merged(self) -> Any:
        if self._model is None:
            self._model = load_model(self.folder, self.component, self.config.num_labels, base=self.base).eval()
        if not self._is_merged:
            self._model, self._is_merged = self._model.float().merge_and_unload(), True
        return self._model.float()

    def _weights_on_disk(self) -> FolderWeights:
        if self.component.adapter is None:
            return FolderWeights(self.folder, dtype=self.component.base.dtype)
        base = resolve_base(self.base or self.component.base.id)
        return FolderWeights(base, self.folder, dtype=self.component.base.dtype)

    def _write_fp32(self, target: Path) -> list[Path]:
        from optimum.exporters.onnx import onnx_export_from_model

        model = self._merged()
        # no tokenizer is looked for: the judge has its own
        model.config.use_cache, model.config._name_or_path = False, ""
        with tempfile.TemporaryDirectory(dir=target) as draft, _quiet():
            # a batch and a length of 1 would be taken for constants
            onnx_export_from_model(
                model, draft, task="text-classification", do_validation=False, batch_size=2, sequence_length=16
            )
            written = [file for file in Path(draft).iterdir() if file.name.startswith("model.onnx")]
            return [Path(shutil.move(file, target / file.name)) for file in written]


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporters' tracing notes are for their programmers."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), Path(os.devnull).open("w") as nowhere:
            warnings.simplefilter("ignore")
            with redirect_stdout(nowhere), redirect_stderr(nowhere):
                yield
    finally:
        logging.disable(level)
