"""The published judges as the paper's authors describe them, small: modules, files and scoring loops of our own.

encoder   pooled output, dropout, linear, ReLU, argmax; rows padded to 256 tokens, one at a time
decoder   LLaMA classifier with LoRA in a PEFT folder, argmax; rows padded to 512 tokens with eos, eight at a time
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import (
    AutoModelForSequenceClassification,
    LlamaTokenizerFast,
    RobertaModel,
    RobertaTokenizerFast,
)

from guardrank.dimensions import Dimension
from guardrank.judge import HeadJudge, load_judge
from guardrank.records import Record

VALUES = ("privacy", "bias", "toxicity", "legality")
_SEED = Path(__file__).resolve().parents[3] / "data" / "seed"
_ODD = [
    ("", ""),
    ("What is this?", ""),
    ("", "没有。"),
    ("   \n\t ", " "),
    ("Repeat {response}: {prompt}", "%s {0} \\n 🙂‍↔️ naïve – “quoted”"),
    ("Count the dragons. " * 80, "Seven."),
    ("How many?", "There are seven purple dragons in the kitchen. " * 80),
    ("数一数。" * 200, "厨房里有七条紫色的龙。" * 200),
    ("图里有什么？", "一把红色的水壶，" + "旁边什么也没有。" * 150),
]


def records(*dimensions: str) -> list[Record]:
    """Every seed text as a record of each of ``dimensions`` in turn, and odd ones in all."""
    files = sorted(_SEED.glob("*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    texts = [(row["prompt"], row["response"]) for row in rows]
    named = [(dimensions[i % len(dimensions)], text) for i, text in enumerate(texts)]
    named += [(dimension, text) for dimension in dimensions for text in _ODD]
    return [
        Record(id=f"r{i}", prompt=prompt, response=response, dimension=Dimension(dimension))
        for i, (dimension, (prompt, response)) in enumerate(named)
    ]


ROWS = records("truthfulness")
VALUE_ROWS = records(*VALUES)


def load(folder: Path, variant: str = "torch") -> HeadJudge:
    """The judge in ``folder``, on the CPU."""
    return load_judge(folder, variant=variant, device="cpu" if variant == "torch" else None)


def scores(folder: Path, rows: list[Record], variant: str = "torch") -> list[int | None]:
    """What it scores the rows."""
    return [verdict.score for verdict in load(folder, variant).score(rows)]


class PublishedEncoder(nn.Module):
    """RoBERTa's pooled output -> dropout -> linear -> ReLU."""

    def __init__(self, base: Path) -> None:
        super().__init__()
        self.roberta = RobertaModel.from_pretrained(base)
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(self.roberta.config.hidden_size, 2)
        self.relu = nn.ReLU()

    def raw(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits before the ReLU."""
        return self.linear(self.dropout(self.roberta(input_ids=ids, attention_mask=mask).pooler_output))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.relu(self.raw(ids, mask))


class EncoderLoop:
    """A published encoder and the loop that scores with it."""

    def __init__(self, base: Path) -> None:
        torch.manual_seed(5)
        self.model = PublishedEncoder(base).eval()
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.2)
        self.tokenizer = RobertaTokenizerFast(tokenizer_file=str(base / "tokenizer.json"))

    def centre(self, rows: list[Record]) -> None:
        """Move the logits so that about half of each are positive on ``rows``."""
        with torch.no_grad():
            self.model.linear.bias -= torch.from_numpy(np.median(self.raw(rows), axis=0))

    def encode(self, row: Record) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask, padded to 256."""
        text = f"Prompt: {row.prompt} Answer: {row.response}"
        read = self.tokenizer(text, max_length=256, truncation=True, padding="max_length", return_tensors="pt")
        return read["input_ids"], read["attention_mask"]

    def raw(self, rows: list[Record]) -> np.ndarray:
        """Logits before the ReLU, shape (n, 2)."""
        ids, mask = map(torch.cat, zip(*map(self.encode, rows), strict=True))
        with torch.no_grad():
            batches = zip(ids.split(32), mask.split(32), strict=True)
            return torch.cat([self.model.raw(*batch) for batch in batches]).numpy()

    def scores(self, rows: list[Record]) -> list[int]:
        """One row at a time."""
        with torch.no_grad():
            return [self.model(*self.encode(row)).argmax(dim=1).item() for row in rows]

    def save(self, file: Path, content=None) -> Path:
        """The state dict, or ``content``, as ``torch.save`` writes it."""
        torch.save(self.model.state_dict() if content is None else content, file)
        return file


def with_positions(base: Path, folder: Path, positions: int) -> Path:
    """A copy of a LLaMA base that reads ``positions`` tokens; its weights do not depend on them."""
    shutil.copytree(base, folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": positions}), "utf-8")
    return folder


def write_adapter(base: Path, folder: Path, *, binary: bool = False, **lora) -> Path:
    """A PEFT folder as training leaves it, its head and factors moved; its base is at a place of its authors'."""
    torch.manual_seed(6)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=4)
    config = {"task_type": "SEQ_CLS", "r": 4, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"]}
    model = get_peft_model(model, LoraConfig(**config | lora))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.3)
    model.peft_config["default"].base_model_name_or_path = "/mnt/authors/Llama-2-7b-ms"
    model.save_pretrained(folder, safe_serialization=not binary, save_embedding_layers=False)
    return folder


class DecoderLoop:
    """The loop that scores with a published adapter."""

    def __init__(self, base: Path, adapter: Path) -> None:
        model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=4, dtype=torch.float32)
        model.config.pad_token_id = model.config.eos_token_id
        self.model = PeftModel.from_pretrained(model, str(adapter)).eval()
        self.tokenizer = LlamaTokenizerFast(tokenizer_file=str(base / "tokenizer.json"))
        self.tokenizer.pad_token = self.tokenizer.eos_token

    def encode(self, rows: list[Record]) -> dict[str, torch.Tensor]:
        """Ids and mask, padded to 512 on the right."""
        texts = [f"Dimension: {row.dimension.value} Prompt: {row.prompt} Answer: {row.response}" for row in rows]
        read = self.tokenizer(
            texts,
            max_length=512,
            truncation=True,
            padding="max_length",
            padding_side="right",
            return_tensors="pt",
        )
        return {name: read[name] for name in ("input_ids", "attention_mask")}

    def logits(self, rows: list[Record]) -> np.ndarray:
        """Logits of shape (n, 4), eight rows at a time."""
        batches = [rows[i : i + 8] for i in range(0, len(rows), 8)]
        with torch.no_grad():
            return torch.cat([self.model(**self.encode(batch)).logits for batch in batches]).numpy()
