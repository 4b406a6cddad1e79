"""The model card: what a judge was trained on, how well it does on dev rows, how to use it."""

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


def _dev_row(manifest: Manifest, dev: Mapping[str, Any], dimension: str) -> str:
    output = next(output for output in manifest.outputs if output.dimension == dimension)
    figures = dev.get(dimension, {"n": 0, "accuracy": None, "kappa": None})
    accuracy, kappa = _number(figures["accuracy"]), _number(figures["kappa"])
    return f"| {dimension} | 0-{output.classes - 1} | {figures['n']:,} | {accuracy} | {kappa} |"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
