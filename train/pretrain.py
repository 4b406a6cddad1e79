"""Masked-language pre-training (Devlin et al. 2019): new rows of a vocabulary learn what they stand beside.

    texts ──tokens, a fifth of them hidden──> BERT ──at the hidden places, against its own embeddings──> loss

The embeddings and the fresh output head move faster than the layers, which know most of what they need. Only hidden
places are put through the output head: over a vocabulary of 37,000 that is most of the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import (
    AutoModelForMaskedLM,
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Trainer,
    TrainingArguments,
    get_linear_schedule_with_warmup,
    set_seed,
)

from guardrank.judge.manifest import TOKENIZER_FILE
from guardrank.train.loop import computes_in_bf16
from guardrank.train.progress import TrainingProgress
from guardrank.train.run import has_checkpoint

_SPECIAL = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}


PRETRAINING_FILE = "pretraining.json"
"""What a base was pre-trained on and what it took, beside its weights; it goes on into the judges' metrics.json."""


@dataclass(frozen=True)
class Pretraining:
    """How long and how fast; ``hidden`` is the share of the tokens that is hidden."""

    epochs: float = 3.0
    rate: float = 2e-4
    embedding_rate: float = 1e-3
    batch_size: int = 32
    max_tokens: int = 128
    hidden: float = 0.2
    warmup_steps: int = 100


class _MaskedTrainer(Trainer):
    """A Trainer whose loss looks at hidden places only."""

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,  # noqa: ARG002
    ) -> Any:
        """Mean cross-entropy over the hidden tokens of one batch."""
        labels: Tensor = inputs["labels"]
        hidden = labels != -100
        states = model.bert(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])[0]
        logits = model.cls(states[hidden])
        loss = cross_entropy(logits.float(), labels[hidden])
        return (loss, {}) if return_outputs else loss


def pretrain(
    base: Path, texts: Sequence[str], plan: Pretraining, *, work: Path, seed: int, device: str, resume: bool = False
) -> float:
    """Train the BERT in ``base`` on ``texts`` and put its weights in the place of the old ones.

    Args:
        work: where checkpoints are kept; ``resume`` goes on from the last one there.

    Returns:
        The mean loss over the run, in nats.
    """
    set_seed(seed)
    model = AutoModelForMaskedLM.from_pretrained(
        str(base),
        local_files_only=True,
        trust_remote_code=False,
        attn_implementation="eager",  # on a CPU sooner done with short rows
    )
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0  # to draw it takes a good part of the time; the config keeps the base's own
    open_tokenizer: Any = PreTrainedTokenizerFast  # transformers leaves these two untyped
    schedule: Any = get_linear_schedule_with_warmup
    tokenizer = open_tokenizer(tokenizer_file=str(base / TOKENIZER_FILE), **_SPECIAL)
    encoded = tokenizer(list(texts), truncation=True, max_length=plan.max_tokens)
    ids = [{"input_ids": row} for row in encoded["input_ids"]]
    arguments = _arguments(plan, work, seed=seed, device=device)
    steps = max(1, int(plan.epochs * len(ids) / plan.batch_size))
    optimizer = _optimizer(model, plan)
    trainer = _MaskedTrainer(
        model=model,
        args=arguments,
        train_dataset=ids,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm_probability=plan.hidden),
        optimizers=(optimizer, schedule(optimizer, plan.warmup_steps, steps)),
    )
    loss = _run(trainer, resume=resume and has_checkpoint(work))
    model.bert.float().save_pretrained(str(base), safe_serialization=True)
    return loss


def _optimizer(model: Any, plan: Pretraining) -> torch.optim.Optimizer:
    embeddings = model.get_input_embeddings().weight
    fast = {id(parameter) for parameter in [embeddings, *model.cls.parameters()]}
    parameters: list[nn.Parameter] = list(model.parameters())
    groups = [
        {"params": [each for each in parameters if id(each) in fast], "lr": plan.embedding_rate},
        {"params": [each for each in parameters if id(each) not in fast], "lr": plan.rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=0.0)


def _arguments(plan: Pretraining, work: Path, *, seed: int, device: str) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=plan.epochs,
        per_device_train_batch_size=plan.batch_size,
        group_by_length=True,
        bf16=computes_in_bf16(device),
        use_cpu=device == "cpu",
        save_steps=500,
        save_total_limit=1,
        logging_steps=100,
        seed=seed,
        data_seed=seed,
        remove_unused_columns=False,
        dataloader_pin_memory=device.startswith("cuda"),
        report_to="none",
        disable_tqdm=True,
    )


def _run(trainer: Trainer, *, resume: bool) -> float:
    progress = TrainingProgress()
    callbacks: Any = trainer  # whose callback methods transformers leaves untyped
    callbacks.remove_callback(PrinterCallback)
    callbacks.add_callback(progress)
    try:
        return float(trainer.train(resume_from_checkpoint=resume).training_loss)
    finally:
        progress.stop()
