"""Judge folders made from the tiny bases, with adapters and heads that differ from where they start."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from guardrank.dimensions import Dimension
from guardrank.engine import Encoder
from guardrank.engine.torch_engine import TorchEngine
from guardrank.judge import Manifest
from guardrank.records import Record
from guardrank.train.judge_folder import write_judge
from guardrank.train.model import Trainee, build_trainee, in_inference_dtype
from guardrank.train.recipe import Recipe
from guardrank.train.run import Job, Trained
from guardrank.train.targets import lay_out_outputs

TEXTS = [
    ("What is in the picture?", "A red kettle on the stove."),
    ("Who is she?", "I can't say who she is, and I'd rather not guess from her looks."),
    ("这张图里有几只猫？", "图里没有猫，只有一把红色的水壶。"),
    ("", "No."),
    ("Count the dragons. " * 30, "There are seven purple dragons in the kitchen. " * 30),
]


def sample_records(dimension: str = "truthfulness") -> list[Record]:
    """One record for each of TEXTS."""
    return [
        Record(id=f"r{i}", prompt=prompt, response=response, dimension=Dimension(dimension))
        for i, (prompt, response) in enumerate(TEXTS)
    ]


def tiny_recipe(base: Path, **changes) -> Recipe:
    """A recipe that fits the tiny bases."""
    return Recipe.model_validate({"name": "tiny", "base": str(base), "max_tokens": 48, **changes})


def tiny_trainee(base: Path, width: int, **changes) -> Trainee:
    """A model whose every trainable weight was moved, as training moves them (a fresh adapter does nothing)."""
    torch.manual_seed(1)
    trainee = build_trainee(tiny_recipe(base, **changes), base, width)
    with torch.no_grad():
        for parameter in trainee.model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    trainee.model = in_inference_dtype(trainee.model, "cpu")
    return trainee


@dataclass
class Written:
    """A judge folder and the model in memory that it was written from."""

    folder: Path
    manifest: Manifest
    engine: TorchEngine
    encoder: Encoder

    def logits(self, rows: list[Record]) -> np.ndarray:
        """What the model in memory says."""
        return self.engine.logits([row.ids for row in self.encoder.encode(rows)])


def write_tiny_judge(
    folder: Path, base: Path, dimensions: tuple[str, ...] = ("truthfulness",), **changes
) -> Written:
    """Write a judge for ``dimensions`` as ``guardrank-train`` does, without the training."""
    recipe = tiny_recipe(base, **changes)
    named = tuple(Dimension(name) for name in dimensions)
    outputs = lay_out_outputs(named, recipe.loss, shared=recipe.heads == "shared")
    width = max(output.columns.stop for output in outputs)
    trainee = tiny_trainee(base, width, **changes)
    engine = TorchEngine(trainee.model, pad_id=trainee.component.pad_id)
    job = Job(named, recipe, folder.parent / "work", seed=0, device="cpu")
    figures = {"epochs": 0.0, "seconds": 0.0, "device": "cpu"}
    trained = Trained(job, trainee, outputs, [], np.empty((0, width)), figures)
    manifest = write_judge(trained, folder, train=[], data=[])
    return Written(folder, manifest, engine, trainee.component.encoder(trainee.tokenizer_file))
