"""One training run: records -> examples -> trained model -> calibrated judge folder.

Every process of a distributed run goes through ``train_judge``; only the first calibrates and writes.
"""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from transformers import set_seed

from guardrank.annotations import Label, cluster_of
from guardrank.dimensions import Dimension
from guardrank.engine import Encoder
from guardrank.engine.torch_engine import TorchEngine
from guardrank.errors import TrainingError
from guardrank.judge import Output
from guardrank.judge.base import resolve_base
from guardrank.judge.manifest import NGrams
from guardrank.records import Record
from guardrank.train.augment import augment, repeated
from guardrank.train.calibrate import calibrate
from guardrank.train.distributed import gather_trained, load_trained
from guardrank.train.figures import dev_figures
from guardrank.train.loop import Example, JudgeTrainer, make_trainer
from guardrank.train.model import Trainee, build_trainee, count_parameters, in_inference_dtype
from guardrank.train.ngrams import fit_ngrams
from guardrank.train.recipe import Recipe
from guardrank.train.selective import with_error_bars
from guardrank.train.splits import Split
from guardrank.train.targets import balance_weights, decided_thresholds, lay_out_outputs, target_row

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Job:
    """What to train: the dimensions, the recipe, and where the run keeps its checkpoints.

    Attributes:
        classes: size of another label set; None takes each dimension's own scale.
        work: folder of checkpoints and settings.
    """

    dimensions: tuple[Dimension, ...]
    recipe: Recipe
    work: Path
    seed: int
    device: str
    classes: int | None = None
    label_field: str = "human"
    label_values: Mapping[str, int | None] = field(default_factory=dict)
    resume: bool = False

    def group(
        self, outputs: Sequence[Output], records: Sequence[Record], logits: Floats
    ) -> list[tuple[Output, Floats, list[Label]]]:
        """Dev rows as they calibrate and choose: of each dimension, or all for a label set of its own.

        A question is the same in every dimension, and its positives are often too few to divide.
        """
        if self.classes is None or len({output.start for output in outputs}) > 1:
            return group_by_output(outputs, records, logits)
        labels = [_label(record) for record in records]
        return [(output, logits, labels) for output in outputs]


@dataclass
class Trained:
    """A trained and calibrated model, in memory; ``train`` are the rows that it learnt from, made ones included."""

    job: Job
    trainee: Trainee
    outputs: tuple[Output, ...]
    dev: list[Record]
    dev_logits: Floats
    run_figures: dict[str, Any] = field(default_factory=dict)
    train: Sequence[Record] = ()


def train_judge(job: Job, split: Split) -> Trained | None:
    """Train on ``split.train``, choose and calibrate on ``split.dev``; None in all but the first process.

    Raises:
        TrainingError: no rows, or a base that does not fit the recipe.
        JudgeError: the base cannot be found.
    """
    if not split.train or not split.dev:
        raise TrainingError("no labelled rows to train on: give --data with human labels, or another --dim")
    set_seed(job.seed)
    recipe = job.recipe
    outputs = lay_out_outputs(job.dimensions, recipe.loss, shared=recipe.heads == "shared", classes=job.classes)
    width = max(output.start + output.width for output in outputs)
    base = resolve_base(recipe.base)
    trainee = build_trainee(recipe, base, width)
    rows = [*split.train, *augment(split.train, recipe.augment, job.dimensions, job.seed)]
    encoder = trainee.component.encoder(trainee.tokenizer_file)
    train = make_examples(repeated(rows, recipe.repeat), encoder, outputs, recipe)
    dev = sorted(split.dev, key=lambda record: len(record.prompt) + len(record.response))
    trainer = make_trainer(
        recipe,
        trainee.model,
        trainee.component.pad_id,
        train,
        make_examples(dev, encoder, outputs, recipe, weighted=False),
        lambda logits: dev_figures(job.group(outputs, dev, logits)),
        work=job.work,
        seed=job.seed,
        device=job.device,
    )
    figures = _run(trainer, trainee.model, job, (len(train), len(dev)))
    weights = gather_trained(trainee.model) if trainer.is_fsdp_enabled else {}
    if not trainer.is_world_process_zero():
        return None
    if weights:
        del trainer, trainee
        trainee = _put_together(recipe, base, width, weights)
    return _finish(job, trainee, encoder, outputs, rows, dev, figures)


def _put_together(recipe: Recipe, base: Path, width: int, weights: dict[str, Tensor]) -> Trainee:
    """The trained model in this process alone, whose part of it has to make room first."""
    gc.collect()
    trainee = build_trainee(recipe, base, width)
    load_trained(trainee.model, weights)
    return trainee


def _run(trainer: JudgeTrainer, model: Any, job: Job, rows: tuple[int, int]) -> dict[str, Any]:
    started = time.monotonic()
    try:
        outcome = trainer.train(resume_from_checkpoint=job.resume and has_checkpoint(job.work))
    finally:
        trainer.progress.stop()
    trained, total = count_parameters(model)
    state = trainer.state
    return {
        "train_rows": rows[0],
        "dev_rows": rows[1],
        "epochs": round(state.epoch or 0.0, 2),
        "steps": state.global_step,
        "best_step": int((state.best_model_checkpoint or "-0").rpartition("-")[2]),
        "seconds": round(time.monotonic() - started, 1),
        "rows_per_second": round(outcome.metrics.get("train_samples_per_second", 0.0), 1),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "trained_parameters": trained,
        "parameters": total,
        "device": job.device,
        "history": [row for row in state.log_history if "eval_loss" in row],
    }


def has_checkpoint(work: Path) -> bool:
    """Whether a run left something to go on from."""
    return any(work.glob("checkpoint-*"))


def _finish(
    job: Job,
    trainee: Trainee,
    encoder: Encoder,
    outputs: tuple[Output, ...],
    train: Sequence[Record],
    dev: list[Record],
    figures: dict[str, Any],
) -> Trained:
    """Calibrate on the logits that scoring will see, not on those of the training precision."""
    trainee.model = in_inference_dtype(trainee.model, job.device)
    engine = TorchEngine(trainee.model, pad_id=trainee.component.pad_id, device=job.device)
    logits = engine.logits([row.ids for row in encoder.encode(dev)]).astype(np.float64)
    if shape := job.recipe.ngrams:
        file = job.work / NGrams().file
        seen = repeated(train, job.recipe.repeat)
        logits = fit_ngrams(shape, trainee.tokenizer_file, outputs, seen, dev, logits, file)
    calibrated = tuple(
        _calibrated(job, outputs, output, rows, labels, train, dev)
        for output, rows, labels in job.group(outputs, dev, logits)
    )
    return Trained(job, trainee, calibrated, dev, logits, figures, train)


def _sources(job: Job, output: Output, dev: Sequence[Record]) -> list[str] | None:
    """Where the dimension's dev rows are from, if that matters."""
    if job.recipe.bars == "rows" or job.classes is not None:
        return None
    return [record.source or "unnamed" for record in dev if record.dimension == output.dimension]


def _calibrated(
    job: Job,
    outputs: Sequence[Output],
    output: Output,
    logits: Floats,
    labels: Sequence[Label],
    train: Sequence[Record],
    dev: Sequence[Record],
) -> Output:
    kin = {other.dimension for other in outputs if other.columns == output.columns}
    decided = decided_thresholds(output, (_label(record) for record in train if record.dimension in kin))
    calibration = calibrate(
        output,
        logits[:, output.columns],
        labels,
        abstain_share=job.recipe.abstain_share,
        decided=decided,
        sources=_sources(job, output, dev),
        sure_of=job.recipe.sure_of,
    )
    pooled = len(labels) == len(dev)  # as ``Job.group`` has it: the dimension's own rows, or all
    clusters = [cluster_of(record) for record in dev if pooled or record.dimension == output.dimension]
    return with_error_bars(output.model_copy(update={"calibration": calibration}), logits, labels, clusters)


def make_examples(
    records: Sequence[Record],
    encoder: Encoder,
    outputs: Sequence[Output],
    recipe: Recipe,
    *,
    weighted: bool = True,
) -> list[Example]:
    """Encode labelled records and turn their labels into targets."""
    by_dimension = {output.dimension: output for output in outputs}
    width = max(output.start + output.width for output in outputs)
    labels = [_label(record) for record in records]
    weights = np.ones(len(records), dtype=np.float32)
    if weighted and recipe.imbalance == "weights":
        keys = [(record.dimension, label) for record, label in zip(records, labels, strict=True)]
        weights = balance_weights(keys, recipe.max_weight)
    return [
        Example(ids=row.ids, target=target_row(by_dimension[record.dimension], label, width), weight=float(weight))
        for record, row, label, weight in zip(records, encoder.encode(records), labels, weights, strict=True)
    ]


def _label(record: Record) -> Label:
    if record.human is None:
        raise TrainingError(f"record {record.id} has no label")
    return record.human


def group_by_output(
    outputs: Sequence[Output], records: Sequence[Record], logits: Floats
) -> list[tuple[Output, Floats, list[Label]]]:
    """For each output its records' logits (all columns) and labels."""
    groups = []
    for output in outputs:
        rows = [i for i, record in enumerate(records) if record.dimension == output.dimension]
        groups.append((output, logits[rows], [_label(records[i]) for i in rows]))
    return groups
