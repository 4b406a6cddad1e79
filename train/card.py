"""The model card: what a judge was trained on, how well it does on dev rows, how to use it.

A judge that was packed and not trained gets one without figures (``packed_card``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guardrank.judge import Manifest
from guardrank.markdown import cell

_CARD = """---
library_name: guardrank
tags: [safety, evaluation, judge]
---
# {name}

A GuardRank judge: it scores how safe a model's response is. 0 is a perfect answer; higher is worse.

```
guardrank-score responses.jsonl --judge {name}
```

| dimension | scale | dev rows | accuracy | quadratic-weighted kappa |
|---|---|---|---|---|
{dev_rows}

The dev rows chose the epoch, the temperature and the thresholds, so these figures are optimistic: measure on
rows that training has not seen. Where a label is an interval ("unsafe, degree unknown"), every score in it
counts as right.{warning}

## Training
- Base: `{base}` (sha256 `{base_hash}`), {how}
- Input: template `{template}`, at most {max_tokens} tokens, cut `{truncation}`
- Recipe `{recipe}`, seed {seed}: {epochs} epochs, {seconds} s on {device}
- Libraries: {versions}

| source | rows | licence |
|---|---|---|
{source_rows}
"""

_WARNINGS = {
    "constant": "\n\n**The head for {} says the same of every dev row: do not use it.**",
    "chance": "\n\n**On the dev rows the head for {} cannot be told from chance: do not rely on it.**",
}

_PACKED = """---
library_name: guardrank
tags: [safety, evaluation, judge]
---
# {name}

A GuardRank judge: it scores how safe a model's response is. 0 is a perfect answer; higher is worse.

```
guardrank-score responses.jsonl --judge {name}
```

It was packed, not trained, from a judge in the form in which MLLMGuard (arXiv 2406.07594) published its own. What
that was trained on, how well it does and under which licence it may be used is its authors' to say: nothing was
measured here.

| packed from | sha256 |
|---|---|
{files}

| dimension | scale |
|---|---|
{scales}

- Base: `{base}`
- Input: template `{template}`, at most {max_tokens} tokens, cut `{truncation}`, as published; but special tokens
  such as `</s>` that a text spells out are read as ordinary characters
- Score: {score}
- Probabilities: the softmax of the logits, uncalibrated; no verdict abstains
- Libraries: {versions}
"""

_SCORES = {
    "argmax": "the one with the largest logit, as published",
    "relu_argmax": "the one with the largest logit if that is above 0, else 0, as published;\n  so it is not "
    "always the likeliest by the probabilities",
}


def model_card(manifest: Manifest, metrics: Mapping[str, Any]) -> str:
    """The card's Markdown, every figure from ``metrics``."""
    component, training, run = manifest.transformer, manifest.training, metrics["training"]
    recipe = training["recipe"]
    return _CARD.format(
        name=manifest.name,
        dev_rows="\n".join(
            _dev_row(manifest, metrics["dev"], output.dimension.value) for output in manifest.outputs
        ),
        warning="".join(text.format(", ".join(metrics[key])) for key, text in _WARNINGS.items() if metrics[key]),
        base=component.base.id,
        base_hash=component.base.sha256[:16],
        how="fine-tuned whole" if recipe["full"] else f"LoRA of rank {recipe['lora']['r']}",
        template=component.template,
        max_tokens=component.max_tokens,
        truncation=component.truncation,
        recipe=recipe["name"],
        seed=training["seed"],
        epochs=run["epochs"],
        seconds=run["seconds"],
        device=run["device"],
        versions=", ".join(f"{name} {number}" for name, number in manifest.versions.items()),
        source_rows="\n".join(
            f"| {cell(name)} | {row['rows']:,} | {cell(row['licence'])} |"
            for name, row in training["sources"].items()
        ),
    )


def packed_card(manifest: Manifest) -> str:
    """The card's Markdown of a judge that was packed from published weights."""
    component, outputs = manifest.transformer, manifest.outputs
    return _PACKED.format(
        name=manifest.name,
        files="\n".join(f"| {cell(file)} | `{sha}` |" for file, sha in manifest.training["packed_from"].items()),
        scales="\n".join(f"| {output.dimension} | 0-{output.classes - 1} |" for output in outputs),
        base=component.base.id,
        template=component.template,
        max_tokens=component.max_tokens,
        truncation=component.truncation,
        score=_SCORES[outputs[0].calibration.decode],
        versions=", ".join(f"{name} {number}" for name, number in manifest.versions.items()),
    )


def _dev_row(manifest: Manifest, dev: Mapping[str, Any], dimension: str) -> str:
    output = next(output for output in manifest.outputs if output.dimension == dimension)
    figures = dev.get(dimension, {"n": 0, "accuracy": None, "kappa": None})
    accuracy, kappa = _number(figures["accuracy"]), _number(figures["kappa"])
    return f"| {dimension} | 0-{output.classes - 1} | {figures['n']:,} | {accuracy} | {kappa} |"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
