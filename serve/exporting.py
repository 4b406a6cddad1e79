"""From a trained judge to its exports, each behind the gate:

    find rows -> reference logits -> for each precision: write -> score -> compare -> keep or refuse

An export is written in a folder of its own and moved into the judge folder once it has passed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from guardrank.console import say, warn
from guardrank.engine import Encoder
from guardrank.engine.ngrams import NGramReader
from guardrank.errors import UsageError
from guardrank.judge import HeadJudge
from guardrank.judge.base import hash_file
from guardrank.judge.loading import open_ngrams
from guardrank.judge.manifest import (
    MANIFEST_FILE,
    TOKENIZER_FILE,
    Manifest,
    judge_hash,
    read_manifest,
    verify_weights,
    write_manifest,
)
from guardrank.judge.probe import answer
from guardrank.judge.torch_loading import torch_files
from guardrank.judge.variants import ONNX_VARIANTS, TORCH, choose_variant
from guardrank.records import Record, RejectLog
from guardrank.serve.export_card import write_export_figures
from guardrank.serve.export_model import CONFIG_FILE, TrainedModel
from guardrank.serve.gate import compare
from guardrank.serve.gate_report import DEFAULT_BOUND, GateRefusedError, GateReport, check_gate
from guardrank.serve.gate_rows import find_gate_rows
from guardrank.serve.gate_table import print_report
from guardrank.serve.ship import ship_judge

Precision = Literal["auto", "fp32", "int8", "int4"]
Logits = NDArray[np.float32]


@dataclass(frozen=True)
class ExportRequest:
    """What the user asked for; ``bound`` is the share of scores that an export may flip."""

    judge: Path
    precision: Precision = "auto"
    gate_data: tuple[str, ...] = ()
    bound: float = DEFAULT_BOUND
    accept: bool = False
    ship: Path | None = None
    base: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    tasks: Path | None = None


def export_judge(request: ExportRequest) -> dict[str, GateReport]:
    """Write the exports that ``request`` asks for into the judge folder and return what the gate found of each.

    Raises:
        UsageError: no judge folder, a precision that its family has not, or no place for the slim copy.
        GateRefusedError: every export flips too many scores.
    """
    export = _Export.prepare(request)
    reports: dict[str, GateReport] = {}
    refused: list[GateRefusedError] = []
    for precision in export.planned():
        say(f"Writing {precision}")
        try:
            reports[precision] = export.make(precision)
        except GateRefusedError as error:
            reports[precision] = error.report
            refused.append(error)
    print_report(reports, Console(), bound=request.bound)
    if len(refused) == len(reports):  # nothing was kept
        raise refused[-1]
    for refusal in refused:
        warn(str(refusal))
    if request.ship:
        fastest = choose_variant(read_manifest(request.judge), None, None)
        say(f"Slim copy of {fastest} written to {ship_judge(request.judge, request.ship, fastest)}")
    return reports


@dataclass
class _Export:
    """One judge being exported."""

    request: ExportRequest
    manifest: Manifest
    model: TrainedModel
    encoder: Encoder
    ngrams: NGramReader | None
    gate: list[Record]
    origin: str
    ids: list[list[int]]
    calibration: list[list[int]]
    reference: Logits

    @classmethod
    def prepare(cls, request: ExportRequest) -> _Export:
        """Load the judge, find the rows, and ask it about them."""
        folder = request.judge
        manifest = read_manifest(folder)
        verify_weights(folder, manifest, TORCH, torch_files(manifest.transformer))
        rows = find_gate_rows(
            folder,
            manifest,
            request.gate_data,
            mapping=request.mapping,
            tasks=request.tasks,
            rejects=RejectLog(Path.cwd()),
        )
        encoder = manifest.transformer.encoder(folder / TOKENIZER_FILE)
        ngrams = open_ngrams(folder, manifest)
        model = TrainedModel(folder, manifest, request.base)
        ids = _ids(encoder, rows.gate)
        say(f"Asking the torch judge about {len(ids):,} rows ({rows.origin})")
        reference = model.logits(ids)
        model.release()
        calibration = _ids(encoder, rows.calibration)
        return cls(request, manifest, model, encoder, ngrams, rows.gate, rows.origin, ids, calibration, reference)

    def planned(self) -> Sequence[str]:
        """The precisions to make: by itself what every tool reads (fp32) and what is fast (int8)."""
        if self.request.precision != "auto":
            return (self.request.precision,)
        return ("int8",) if self.model.is_decoder else ("fp32", "int8")

    def make(self, precision: str) -> GateReport:
        """Write one export, compare it, and keep it; raises GateRefusedError."""
        folder, request = self.request.judge, self.request
        with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as draft:
            files = self.model.write(precision, Path(draft), self.calibration)
            engine = ONNX_VARIANTS[precision].open(Path(draft))
            report = compare(self.manifest, self.gate, *self._whole(self.reference, engine.logits(self.ids)))
            check_gate(precision, report, bound=request.bound, accept=request.accept)
            self._vouch(precision, (), ())  # so that a kill leaves no export that its hashes deny
            kept = [Path(shutil.move(file, folder / file.name)) for file in files]
        if not (folder / CONFIG_FILE).is_file():
            self.model.write_config(folder)
        judge = HeadJudge(self.manifest, self.encoder, engine, "", precision, self.ngrams)
        self._vouch(precision, kept, answer(judge))
        write_export_figures(folder, precision, report, files=kept, bound=request.bound, rows_from=self.origin)
        say(f"{report.sentence(precision)}: kept as {self.manifest.name}@{self._hash(precision)}")
        return report

    def _whole(self, *logits: Logits) -> list[Logits]:
        """The judge's logits of the gate's rows, from the transformer's."""
        if self.ngrams is None:
            return list(logits)
        added = self.ngrams.logits(self.gate)
        return [part + added for part in logits]

    def _vouch(self, precision: str, files: Sequence[Path], probe: tuple[float, ...]) -> None:
        """Write the files' hashes and the known answer into the manifest; without files, take them out."""
        folder = self.request.judge
        others = {name: hashes for name, hashes in self.manifest.weights.items() if name != precision}
        probes = {name: logits for name, logits in self.manifest.probes.items() if name != precision}
        if files:
            shared = (TOKENIZER_FILE, *((self.manifest.ngrams.file,) if self.manifest.ngrams else ()))
            every = [*files, *(folder / name for name in shared)]
            others[precision] = {file.name: hash_file(file) for file in every}
            probes[precision] = probe
        self.manifest = self.manifest.model_copy(update={"weights": others, "probes": probes})
        write_manifest(folder, self.manifest)

    def _hash(self, precision: str) -> str:
        return judge_hash(self.request.judge, self.manifest, precision)[:16]


def _ids(encoder: Encoder, records: Sequence[Record]) -> list[list[int]]:
    return [row.ids for row in encoder.encode(records)]


def find_judge(name: Path) -> Path:
    """The judge folder ``name``; raises UsageError."""
    if not (name / MANIFEST_FILE).is_file():
        raise UsageError(f"{name} is no judge folder: give one that guardrank-train wrote")
    return name
