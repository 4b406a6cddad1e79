"""Recipes: every value that shapes a training run, as YAML files and ``--set KEY=VALUE``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from guardrank.calibration import SureOf
from guardrank.dimensions import TEMPLATES, Dimension
from guardrank.engine import Truncation
from guardrank.errors import UsageError


class LoraShape(BaseModel):
    """Rank, scale and dropout of the adapter, on every linear layer of the base."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    r: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.05, ge=0, lt=1)


class NGramShape(BaseModel):
    """The n-gram component (``guardrank.train.ngrams``).

    Attributes:
        features: how many n-grams are kept.
        longest: tokens of the longest.
        min_rows: rows that an n-gram must occur in.
        strength: scikit-learn's C: the larger, the less the weights are held back.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: int = Field(120_000, ge=1)
    longest: int = Field(3, ge=1, le=5)
    min_rows: int = Field(3, ge=1)
    strength: float = Field(8.0, gt=0)


class Augmentation(BaseModel):
    """Rows made from rows (``guardrank.train.augment``): shares of those that there are, 0 for none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    harmless: float = Field(0.0, ge=0, le=1)
    refused: float = Field(0.0, ge=0, le=1)


class Recipe(BaseModel):
    """One training recipe.

    Attributes:
        base: ``embedded``, a folder or a hub id; base_dtype: what its weights are rounded to (float32 when
            the whole base is trained, since small updates are lost in 16 bits).
        precision: of the matrix products; ``auto`` is bfloat16 where the hardware computes in it.
        attention: how the base computes it while it is trained: short rows on a CPU are done sooner by ``eager``.
        dropout: of the base's layers while they are trained; the base's own unless given.
        loss: ``nominal`` (cross-entropy, the paper's) or ``ordinal``; both take interval labels.
        heads: ``per-dimension`` logits, or ``shared`` ones for dimensions of the same scale.
        dimensions: what is trained when no ``--dim`` is given.
        full: fine-tune the whole base at ``full_learning_rate`` instead of an adapter.
        min_steps: small data are gone over more often, until this many updates.
        patience: evaluations without a better dev figure before training stops.
        dev_share: share of the rows without a given split that is held out, by prompt.
        imbalance: ``weights`` weighs rows against the frequency of their label (at most ``max_weight``).
        sources: whose rows are read: ``all``, or those ``shipped`` in data/sources.yaml, for a judge to give away.
        augment: rows made from rows, such as refusals.
        repeat: how often an epoch goes over the rows of a source, for small ones that are like what will be judged.
        bars: what the thresholds suit: all dev ``rows`` alike, or all ``sources`` alike.
        ngrams: a second component, whose logits are added; none unless given.
        abstain_share: share of the dev rows, the least sure, on which the judge learns to abstain.
        sure_of: what sure means: of the ``score``, or of its ``side`` of 0, where labels are mostly binary.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    base: str
    base_dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    attention: Literal["eager", "sdpa"] | None = None
    dropout: float | None = Field(None, ge=0, lt=1)
    template: str = "guardrank"
    max_tokens: int = Field(256, ge=8)
    truncation: Truncation = "head_tail"
    loss: Literal["nominal", "ordinal"] = "ordinal"
    heads: Literal["per-dimension", "shared"] = "per-dimension"
    dimensions: tuple[Dimension, ...] = ()
    full: bool = False
    lora: LoraShape = LoraShape()
    learning_rate: float = Field(3e-4, gt=0)
    full_learning_rate: float = Field(2e-5, gt=0)
    epochs: int = Field(4, ge=1)
    min_steps: int = Field(0, ge=0)
    max_steps: int = Field(0, ge=0, description="0: no bound")
    batch_size: int = Field(16, ge=1)
    gradient_accumulation: int = Field(1, ge=1)
    gradient_checkpointing: bool = False
    evals_per_epoch: int = Field(1, ge=1)
    warmup_ratio: float = Field(0.06, ge=0, le=1)
    weight_decay: float = Field(0.01, ge=0)
    patience: int = Field(4, ge=1)
    dev_share: float = Field(0.15, gt=0, lt=0.5)
    imbalance: Literal["weights", "none"] = "weights"
    max_weight: float = Field(4.0, ge=1)
    abstain_share: float = Field(0.1, ge=0, lt=1)
    sure_of: SureOf = "score"
    sources: Literal["all", "shipped"] = "all"
    augment: Augmentation = Augmentation()
    repeat: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    bars: Literal["rows", "sources"] = "rows"
    ngrams: NGramShape | None = None

    @property
    def weights_dtype(self) -> Literal["float32", "bfloat16", "float16"]:
        """What the base's weights are loaded as."""
        return "float32" if self.full else self.base_dtype

    @property
    def rate(self) -> float:
        """The learning rate in force."""
        return self.full_learning_rate if self.full else self.learning_rate


def recipe_names() -> list[str]:
    """The recipes that come with the package."""
    return sorted(
        file.name.removesuffix(".yaml") for file in files("guardrank.train").joinpath("recipes").iterdir()
    )


def load_recipe(name_or_file: str, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe by name or from a YAML file, with ``KEY=VALUE`` overrides such as ``lora.r=8``.

    Raises:
        UsageError: no such recipe, an unknown key, or a value out of range.
    """
    values = _read(name_or_file)
    for item in overrides:
        _override(values, item)
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"recipe {name_or_file}: {place}: {first['msg']}") from None
    if recipe.template not in TEMPLATES:
        raise UsageError(f"recipe {name_or_file}: template must be one of {', '.join(TEMPLATES)}")
    return recipe


def _read(name_or_file: str) -> dict[str, Any]:
    if name_or_file in recipe_names():
        text = files("guardrank.train").joinpath("recipes", f"{name_or_file}.yaml").read_text("utf-8")
    elif Path(name_or_file).is_file():
        text = Path(name_or_file).read_text("utf-8")
    else:
        raise UsageError(f"no recipe {name_or_file!r}: take one of {', '.join(recipe_names())}, or a YAML file")
    values = yaml.safe_load(text)
    if not isinstance(values, dict):
        raise UsageError(f"recipe {name_or_file}: it must be a YAML mapping of names to values")
    return values


def _override(values: dict[str, Any], item: str) -> None:
    key, equals, text = item.partition("=")
    if not equals:
        raise UsageError(f"--set takes KEY=VALUE, not {item!r}")
    *parents, last = key.strip().split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
    values[last] = _number(yaml.safe_load(text))


def _number(value: Any) -> Any:
    """YAML 1.1 reads ``2e-6`` as text; a user means the number."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
