"""One training run in a process of its own, for training_speed.py: its clock and its peak memory.

    python tests/benchmarks/training_worker.py train '{"recipe": "embedded", "overrides": [], ...}'
    python tests/benchmarks/training_worker.py build FOLDER LAYERS

The run is guardrank.train's own (Job, train_judge); a callback reads the clock when each update begins and
ends. It goes exactly once over its rows, so that every contender sees the same rows, in batches of like
length.
The last line of stdout is the result as JSON.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import sys
import time
from collections.abc import Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
import transformers
from transformers import RobertaConfig, RobertaModel, TrainerCallback

from guardrank.annotations import read_records
from guardrank.judge.base import embedded_base
from guardrank.records import Record
from guardrank.train import run
from guardrank.train.data import dimensions_in
from guardrank.train.loop import JudgeTrainer
from guardrank.train.recipe import Recipe, load_recipe
from guardrank.train.splits import Split

DEV_ROWS = 40


class StepClock(TrainerCallback):  # type: ignore[misc]
    """When each update began and ended; looks at the dev rows and checkpoints come after the last."""

    def __init__(self) -> None:
        self.begun: list[float] = []
        self.ended: list[float] = []
        self.tokens = 0
        self.peak_mib_before = 0

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Read the clock, before the first update also the memory that the loaded model has taken."""
        if not self.begun:
            self.peak_mib_before = peak_mib()
        self.begun.append(time.perf_counter())

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Read the clock."""
        self.ended.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        """From the first update's beginning to the last one's end, batching between them included."""
        return self.ended[-1] - self.begun[0]


def train(spec: dict[str, Any]) -> dict[str, Any]:
    """Train once as ``spec`` says and return what it cost."""
    recipe = load_recipe(spec["recipe"], [*spec["overrides"], f"max_steps={spec['steps']}"])
    split = sample_rows(spec["data"], spec["steps"] * recipe.batch_size, spec["seed"])
    clock = StepClock()
    trained = run_with_clock(clock, recipe, split, Path(spec["work"]), spec["seed"])
    figures = trained.run_figures
    if figures["steps"] != spec["steps"] or len(clock.ended) != spec["steps"]:
        raise AssertionError(f"{figures['steps']} steps instead of {spec['steps']}")
    return {
        "rows_per_second": len(split.train) / clock.seconds,
        "tokens_per_second": clock.tokens / clock.seconds,
        "peak_mib": figures["peak_memory_mib"],
        "peak_mib_before_training": clock.peak_mib_before,
        "rows": len(split.train),
        "tokens": clock.tokens,
        "seconds": clock.seconds,
        "step_seconds": [end - begin for begin, end in zip(clock.begun, clock.ended, strict=True)],
        "trained_parameters": figures["trained_parameters"],
        "parameters": figures["parameters"],
        "threads": torch.get_num_threads(),
        "recipe": recipe.model_dump(mode="json"),
    }


def run_with_clock(clock: StepClock, recipe: Recipe, split: Split, work: Path, seed: int) -> run.Trained:
    """``train_judge`` with ``clock`` among its trainer's callbacks."""
    make_trainer = run.make_trainer

    def make_clocked(*args: Any, **options: Any) -> JudgeTrainer:
        trainer = make_trainer(*args, **options)
        trainer.add_callback(clock)
        clock.tokens = sum(len(row["ids"]) for row in trainer.train_dataset)
        return trainer

    rows = [*split.train, *split.dev]
    job = run.Job(dimensions=dimensions_in(rows), recipe=recipe, work=work, seed=seed, device="cpu")
    with patch.object(run, "make_trainer", make_clocked):
        trained = run.train_judge(job, split)
    if trained is None:
        raise AssertionError("a single process must train")
    return trained


def sample_rows(files: Sequence[str], count: int, seed: int) -> Split:
    """``count`` train rows in equal parts from the files, and a few dev rows; never test rows."""
    train, dev = (_mixed(files, seed, names) for names in ((None, "train"), (None, "dev")))
    train_ids = {row.id for row in train[:count]}
    dev = [row for row in dev if row.id not in train_ids]
    if len(train) < count or not dev:
        raise SystemExit(f"{len(train)} rows are too few for {count} and some dev rows: fewer --steps")
    return Split(train=train[:count], dev=dev[:DEV_ROWS])


def _mixed(files: Sequence[str], seed: int, splits: Sequence[str | None]) -> list[Record]:
    """The files' labelled rows of some splits, shuffled within each file, one of each file in turn."""
    piles = []
    for file in files:
        rows = [row for row in read_records(file) if row.human is not None and row.split in splits]
        random.Random(seed).shuffle(rows)
        piles.append(rows)
    return [row for row in chain.from_iterable(zip_longest(*piles)) if row]


def peak_mib() -> int:
    """The process's peak resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def build_roberta_large(folder: Path, layers: int) -> None:
    """RoBERTa-large's shape with random weights, and the embedded base's tokenizer.

    Speed and memory do not depend on the weights; the tokenizer's ids lie within RoBERTa's 50,265.
    """
    config = RobertaConfig(
        vocab_size=50265,
        hidden_size=1024,
        num_hidden_layers=layers,
        num_attention_heads=16,
        intermediate_size=4096,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
    )
    RobertaModel(config).save_pretrained(folder, safe_serialization=True)
    shutil.copyfile(embedded_base() / "tokenizer.json", folder / "tokenizer.json")


def main() -> None:
    """``build FOLDER LAYERS`` or ``train SPEC``."""
    transformers.logging.set_verbosity_error()
    if sys.argv[1] == "build":
        build_roberta_large(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        print(json.dumps(train(json.loads(sys.argv[2]))))


if __name__ == "__main__":
    main()
