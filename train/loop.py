"""The training loop: transformers' Trainer with the judge's loss, choosing the epoch best on dev."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)

from guardrank.calibration import Link
from guardrank.engine.torch_engine import pad_rows
from guardrank.train.distributed import SharedOrder, name_layers, shard_on_cpu, share_accumulation
from guardrank.train.losses import judge_loss
from guardrank.train.processes import process_count
from guardrank.train.progress import TrainingProgress
from guardrank.train.recipe import Recipe

CHOICE = "choice"
"""The dev figure that the kept checkpoint has the most of (``guardrank.train.figures``)."""


class Example(TypedDict):
    """One row to train on: token ids, its target (width,), its weight in the loss."""

    ids: list[int]
    target: NDArray[np.float32]
    weight: float


class JudgeTrainer(Trainer):
    """A Trainer with the judge's loss."""

    def __init__(self, link: Link, **options: Any) -> None:
        self.link = link
        self.progress = TrainingProgress()
        super().__init__(**options)
        # our loss is a mean: the Trainer must divide it when it accumulates gradients
        self.model_accepts_loss_kwargs = False

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,  # noqa: ARG002
    ) -> Any:
        """Loss of one batch, and the logits where they are asked for."""
        targets, weights = inputs["labels"], inputs["weights"]
        output = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        loss = judge_loss(output.logits, targets, weights, self.link)
        return (loss, {"logits": output.logits.float()}) if return_outputs else loss

    def create_accelerator_and_postprocess(self) -> None:
        """FSDP on CPUs too, and told the layers."""
        trainer: Any = super()  # some of whose methods transformers leaves untyped
        trainer.create_accelerator_and_postprocess()
        self.is_fsdp_enabled |= shard_on_cpu(self.accelerator)
        if self.is_fsdp_enabled:
            name_layers(self.accelerator, self.model)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Make the checkpoint's folder first: else the Trainer notes no best one where weights are divided."""
        Path(output_dir or str(self.args.output_dir)).mkdir(parents=True, exist_ok=True)
        super().save_model(output_dir, _internal_call)

    def _get_train_sampler(self, train_dataset: Any = None) -> SharedOrder:
        """Rows of like length together while training; the dev rows stay in order for ``dev_figures``."""
        rows: Any = train_dataset if train_dataset is not None else self.train_dataset
        group = self.args.train_batch_size * self.args.gradient_accumulation_steps * process_count()
        return SharedOrder(group, lengths=[len(row["ids"]) for row in rows])


def collate(pad_id: int) -> Callable[[Sequence[Example]], dict[str, torch.Tensor]]:
    """Batches of padded ids with their targets and weights."""

    def batch(rows: Sequence[Example]) -> dict[str, torch.Tensor]:
        return pad_rows([row["ids"] for row in rows], pad_id) | {
            "labels": torch.from_numpy(np.stack([row["target"] for row in rows])),
            "weights": torch.tensor([row["weight"] for row in rows], dtype=torch.float32),
        }

    return batch


def rows_per_update(recipe: Recipe) -> int:
    """Rows that one update sees, of all processes together."""
    return recipe.batch_size * share_accumulation(recipe.gradient_accumulation) * process_count()


def plan_epochs(recipe: Recipe, rows: int) -> int:
    """How often to go over ``rows``: the recipe's epochs, more for few rows (``min_steps``)."""
    steps = max(1, math.ceil(rows / rows_per_update(recipe)))
    return max(recipe.epochs, math.ceil(recipe.min_steps / steps))


def plan_patience(recipe: Recipe, rows: int) -> int:
    """Looks at dev without gain before training stops; with few rows, whose epochs are short, it never does."""
    epochs = plan_epochs(recipe, rows)
    return max(recipe.patience, epochs if epochs > recipe.epochs else 0)


def computes_in_bf16(device: str) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware."""
    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # newer than the oldest torch that we take
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return device == "cpu" and bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def training_arguments(recipe: Recipe, rows: int, work: Path, *, seed: int, device: str) -> TrainingArguments:
    """The recipe in the Trainer's words."""
    on_gpu = device.startswith("cuda")
    epochs = plan_epochs(recipe, rows)
    steps = max(1, rows // rows_per_update(recipe))
    by_steps = recipe.evals_per_epoch > 1
    when: dict[str, Any] = (
        {"eval_strategy": "steps", "save_strategy": "steps"}
        if by_steps
        else {"eval_strategy": "epoch", "save_strategy": "epoch"}
    )
    every = max(1, steps // recipe.evals_per_epoch)
    return TrainingArguments(
        output_dir=str(work),
        **when,
        eval_steps=every if by_steps else None,
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model=CHOICE,
        greater_is_better=True,
        num_train_epochs=epochs,
        max_steps=recipe.max_steps or -1,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=2 * recipe.batch_size,
        gradient_accumulation_steps=share_accumulation(recipe.gradient_accumulation),
        learning_rate=recipe.rate,
        warmup_ratio=recipe.warmup_ratio,
        weight_decay=recipe.weight_decay,
        lr_scheduler_type="linear",
        bf16=recipe.precision == "bfloat16" or (recipe.precision == "auto" and computes_in_bf16(device)),
        use_cpu=device == "cpu",
        seed=seed,
        data_seed=seed,
        label_names=["labels"],
        remove_unused_columns=False,
        dataloader_pin_memory=on_gpu,
        ddp_find_unused_parameters=False,
        report_to="none",
        logging_steps=max(1, every // 5),
        logging_nan_inf_filter=False,
        disable_tqdm=True,  # guardrank.train.progress shows it
    )


def make_trainer(
    recipe: Recipe,
    model: Any,
    pad_id: int,
    train: Sequence[Example],
    dev: Sequence[Example],
    dev_figures: Callable[[NDArray[np.float64]], dict[str, float]],
    *,
    work: Path,
    seed: int,
    device: str,
) -> JudgeTrainer:
    """A Trainer that keeps the checkpoint whose logits on ``dev`` have the most of CHOICE."""

    def compute_metrics(prediction: EvalPrediction) -> dict[str, float]:
        return dev_figures(np.asarray(prediction.predictions, dtype=np.float64))

    trainer = JudgeTrainer(
        recipe.loss,
        model=model,
        args=training_arguments(recipe, len(train), work, seed=seed, device=device),
        train_dataset=train,
        eval_dataset=dev,
        data_collator=collate(pad_id),
        compute_metrics=compute_metrics,
        callbacks=[EarlyStoppingCallback(plan_patience(recipe, len(train)))],
    )
    callbacks: Any = trainer  # whose callback methods transformers leaves untyped
    callbacks.remove_callback(PrinterCallback)
    callbacks.add_callback(trainer.progress)
    return trainer
