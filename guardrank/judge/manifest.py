"""guardrank.json: everything that decides how a judge folder turns a record into a verdict.

    components   what turns text into logits: a transformer, and n-grams whose logits are added (``combine: sum``)
    outputs      one per dimension: which logits are its own, its scale, link and calibration
    training     which data, recipe and seed made it

The judge's hash is the SHA-256 over this file without ``weights`` and ``probes``, the tokenizer and the loaded
variant's weights. The card and the metrics stay outside, so that writing them does not make another judge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from guardrank.calibration import Decode, Link, SureOf, logit_count
from guardrank.dimensions import TEMPLATES, Dimension
from guardrank.engine import Encoder, Truncation
from guardrank.errors import JudgeError
from guardrank.judge.base import Base, hash_file

MANIFEST_FILE = "guardrank.json"
TOKENIZER_FILE = "tokenizer.json"
FORMAT_VERSION: Final = 1


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Transformer(_Part):
    """A sequence classifier: base, adapter (None: the folder holds the whole model), and how it reads text."""

    kind: Literal["transformer"] = "transformer"
    base: Base
    adapter: Literal["lora"] | None
    pad_id: int
    template: str
    max_tokens: int
    truncation: Truncation

    def encoder(self, tokenizer_file: Path) -> Encoder:
        """How it reads text, with the tokenizer in ``tokenizer_file``; raises JudgeError."""
        return Encoder(
            tokenizer_file, template=self.template, max_tokens=self.max_tokens, truncation=self.truncation
        )

    @field_validator("template")
    @classmethod
    def _known_template(cls, value: str) -> str:
        if value not in TEMPLATES:
            raise ValueError(f"{value!r} must be one of {', '.join(TEMPLATES)}")
        return value


class NGrams(_Part):
    """Logistic regressions on n-grams of the tokenizer's ids, in ``file`` (guardrank/engine/ngrams)."""

    kind: Literal["ngrams"] = "ngrams"
    file: Literal["ngrams.onnx"] = "ngrams.onnx"


Component = Annotated[Transformer | NGrams, Field(discriminator="kind")]


_Share = Annotated[float, Field(ge=0, le=1)]


class Calibration(_Part):
    """How one dimension's logits become probabilities, a score, and an abstention.

    ``thresholds`` are for P(Y > k), k = 0..K-2. A verdict of which the judge is less sure than ``abstain_below``
    abstains; ``sure_of`` says what sure means (guardrank.calibration.sureness). ``decode="argmax"`` ignores the
    thresholds; ``"relu_argmax"`` reads the score off the logits alone, so it may be another than the likeliest.
    ``error_bars`` are pairs of an error rate and the sureness from which on dev rows prove it
    (guardrank.train.selective).
    """

    temperature: float = Field(default=1.0, gt=0)
    bias: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()
    decode: Decode = "thresholds"
    abstain_below: float = 0.0
    sure_of: SureOf = "score"
    error_bars: tuple[tuple[_Share, _Share], ...] = ()

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = handler(self)
        # so that judges from before there were these keep their file and their hash
        new = {"error_bars": (), "sure_of": "score"}
        return {key: value for key, value in fields.items() if key not in new or getattr(self, key) != new[key]}

    def bar_for(self, rate: float) -> float | None:
        """The bar of the largest proven error rate that is not above ``rate``; None where none is."""
        return max(((proven, bar) for proven, bar in self.error_bars if proven <= rate), default=(0.0, None))[1]


class Output(_Part):
    """One dimension's share of the logits: columns ``start`` to ``start + width``."""

    dimension: Dimension
    classes: int = Field(ge=2)
    start: int = Field(ge=0)
    link: Link
    calibration: Calibration = Calibration()

    @model_validator(mode="after")
    def _calibration_fits(self) -> Self:
        # numpy would spread a single value over the whole scale without a word
        for name, wanted in (("bias", self.width), ("thresholds", self.classes - 1)):
            found = len(getattr(self.calibration, name))
            if found not in (0, wanted):
                raise ValueError(f"calibration.{name} has {found} values, not {wanted}")
        if self.calibration.decode == "relu_argmax" and self.link != "nominal":
            raise ValueError("calibration.decode relu_argmax takes the link nominal: a logit for each score")
        return self

    @property
    def width(self) -> int:
        """How many logits it has."""
        return logit_count(self.link, self.classes)

    @property
    def columns(self) -> slice:
        """Its columns among all logits."""
        return slice(self.start, self.start + self.width)


class Manifest(_Part):
    """The content of guardrank.json."""

    format_version: Literal[1] = FORMAT_VERSION
    name: str
    components: tuple[Component, ...] = Field(min_length=1, max_length=2)
    combine: Literal["single", "sum"] = "single"
    outputs: tuple[Output, ...] = Field(min_length=1)
    label_field: str = "human"
    label_values: dict[str, int | None] = Field(default_factory=dict)
    """What stands in ``label_field`` -> label; empty where it is the label itself."""
    own_labels: bool = False
    """Whether its labels are another set than the dimensions' scales: then ASD and PAR say nothing."""
    training: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    weights: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Variant (``torch``; exports later) -> file name -> SHA-256."""
    probes: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Export -> its logits of a fixed text where it was made (guardrank/judge/probe)."""

    @model_validator(mode="after")
    def _components_fit(self) -> Self:
        kinds = tuple(component.kind for component in self.components)
        wanted = ("transformer",) if self.combine == "single" else ("transformer", "ngrams")
        if kinds != wanted:
            raise ValueError(f"combine {self.combine} takes the components {', '.join(wanted)}")
        return self

    @property
    def transformer(self) -> Transformer:
        """The component that every judge has."""
        first = self.components[0]
        assert isinstance(first, Transformer)  # noqa: S101 (_components_fit saw to it)
        return first

    @property
    def ngrams(self) -> NGrams | None:
        """The component whose logits are added to the transformer's, None where there is none."""
        return next((part for part in self.components if isinstance(part, NGrams)), None)

    @property
    def width(self) -> int:
        """How many logits the model gives: dimensions may share columns."""
        return max(output.start + output.width for output in self.outputs)

    def output_of(self, dimension: Dimension) -> Output | None:
        """The output of ``dimension``, None where the judge lacks it."""
        return next((output for output in self.outputs if output.dimension == dimension), None)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a judge folder; raises JudgeError in one sentence."""
    file = folder / MANIFEST_FILE
    if not file.is_file():
        raise JudgeError(f"{folder} is no judge folder: it has no {MANIFEST_FILE}")
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        problem = f"{place}: {first['msg']}" if place else first["msg"]
        raise JudgeError(f"{file} cannot be read: {problem}") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``guardrank.json``, readable and with sorted keys."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    (folder / MANIFEST_FILE).write_bytes(orjson.dumps(manifest.model_dump(mode="json"), option=options))


def verify_weights(folder: Path, manifest: Manifest, variant: str, needed: Sequence[str]) -> None:
    """Check the weight files of a variant before they are loaded.

    Args:
        needed: the files that will be loaded; the manifest must vouch for each.

    Raises:
        JudgeError: a file is missing, or is not the one written at training or export.
    """
    vouched = manifest.weights.get(variant, {})
    if unknown := [name for name in needed if name not in vouched]:
        raise JudgeError(f"{folder / MANIFEST_FILE} names no {unknown[0]} for {variant}: get the judge again")
    for name, sha256 in vouched.items():
        file = folder / name
        if not file.is_file():
            raise JudgeError(f"{folder} lacks {name}: copy the whole judge folder")
        if hash_file(file) != sha256:
            raise JudgeError(f"{file} was changed after it was written (its hash differs): get the judge again")


def judge_hash(folder: Path, manifest: Manifest, variant: str) -> str:
    """SHA-256 over configuration, tokenizer and the variant's weights."""
    config = manifest.model_dump(mode="json", exclude={"weights", "probes"})
    digest = hashlib.sha256(orjson.dumps(config, option=orjson.OPT_SORT_KEYS))
    digest.update(hash_file(folder / TOKENIZER_FILE).encode())
    for name, sha256 in sorted(manifest.weights.get(variant, {}).items()):
        digest.update(f"{name}:{sha256}".encode())
    return digest.hexdigest()
