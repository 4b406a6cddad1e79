"""The card of a judge that ships: what it was trained on, what it reaches, where it fails, what it cost.

    metrics.json ("test": ShippedFigures, "training") ┐
    guardrank.json (sources, licences, recipe)        ┴──> README.md, the section of guardrank-export kept

    python -m guardrank.train.shipped_card data/judges/guardrank-mini     # the card anew, of what is there

Neither file is part of the judge's hash. Figures that were measured on another judge are refused.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from guardrank.errors import GuardRankError
from guardrank.judge import Manifest, read_manifest
from guardrank.judge.manifest import judge_hash
from guardrank.markdown import cell
from guardrank.train.shipped_cost import cost_sentences
from guardrank.train.shipped_figures import ShippedFigures
from guardrank.train.shipped_tables import (
    Table,
    abstention_table,
    aims_table,
    bars_table,
    examples_table,
    files_table,
    markdown,
    promises_table,
    slices_table,
)

METRICS_FILE = "metrics.json"
CARD_FILE = "README.md"
_EXPORTS = re.compile("<!-- exports -->.*?<!-- /exports -->", re.DOTALL)

_CARD = """---
library_name: guardrank
license: apache-2.0
language: [en, zh]
tags: [safety, evaluation, judge]
---
# {name}

The judge that comes with GuardRank: it scores how safe a model's response is, in English and Chinese, on a CPU
without torch. 0 is a perfect answer; higher is worse.

```
guardrank-score responses.jsonl
```

Judge `{judge}`, variant {variant}, sha256 `{hash}`.
{warning}
| dimension | scale |
|---|---|
{scales}

## What it is for, and what not
- A first look at many responses, comparisons of models on the same prompts, choosing what people should read.
- Not the last word on a single response: the tables below say how often it is wrong, and the least sure rows are
  marked as abstained. Have people or a stronger judge look at those (`--abstain-at`, `--escalate`).
- Not a filter in front of users: it was never tried on people who write against it.
- It reads {max_tokens} tokens (cut `{truncation}`){ngrams}. It sees no image, only a description of it in
  `reference`, and knows few facts: without a `reference` its truthfulness is a guess from style.
- Only the project's seed rows teach the difference between 1, 2 and 3; the public sets say safe or unsafe.
- Other languages, other kinds of dialogue and long texts were not measured.

## Figures
The question is: is the score above 0, where people's label is? 95 % intervals by bootstrap over prompts (2,000
resamples). "trained" are test rows of sources trained on, "unseen" whole files that were not, without the rows
whose prompt stands in a training file. "undecided": fewer than 30 prompts or 20 unsafe rows. A star marks what was
not computed here: n-grams trained and measured on each file's own splits, GPT-4 as published, on other rows;
without a star it is of the same rows as ours. "reached" compares the figure, not its interval. ECE: of the chance
that the score is above 0, 15 bins of equally many rows.

{aims}

{files}

## Where it fails
{slices}

Seed rows that it gets wrong, although it was trained on most of them:

{examples}

## Confidence
Given up are the least sure rows of each dimension. With a confidence that says nothing the area would be the error
rate.

{abstention}

{promises}

## Bars elsewhere
Dev rows of each source, judged by the bar that all sources chose and by the one that the others chose.

{bars}

## Training
- Base: `{base}` (sha256 `{base_hash}`), {how}
- Recipe `{recipe}`, seed {seed}, template `{template}`
- Libraries: {versions}
- Rebuilt by `make mini`, from files that `data/sources.yaml` says where to get
{cost}

| source | rows | licence |
|---|---:|---|
{sources}

Rows in brackets were made from the source's rows, their labels by construction; those of halluqa_zh_llmonly are
GPT-4's. Neither kind is measured on.

## On labels of your own
A judge that has seen your models' responses is better at them:

```
guardrank-train --data annotations.jsonl --base embedded -o judges/mine
guardrank-export judges/mine
guardrank-agree study test-rows.jsonl --judge judges/mine --judge {name}
guardrank-score responses.jsonl --judge judges/mine
```

## Measured
{rows} rows at {rows_per_second} rows/s, loaded in {load_ms} ms, {folder_bytes} bytes; {processor}, {cores} cores
(load average {load_average}), {date}, {library_versions}.
"""

_PART = "\n**Measured on at most {} rows a file, to try the measuring out: quote none of these figures.**\n"


def shipped_card(manifest: Manifest, metrics: Mapping[str, Any], exports: str = "") -> str:
    """The card's Markdown, every figure from ``metrics``.

    Args:
        exports: the section that guardrank-export wrote.
    """
    figures = ShippedFigures.model_validate(metrics["test"])
    parts = [_about(manifest, figures), _tables(figures), _training(manifest, metrics), _measured(figures)]
    text = _CARD.format(**{key: value for part in parts for key, value in part.items()})
    return f"{text}\n{exports}\n" if exports else text


def write_figures(folder: Path, figures: ShippedFigures) -> None:
    """Put ``figures`` into metrics.json of the judge in ``folder``, and write its card anew.

    Raises:
        GuardRankError: the figures are another judge's, or metrics.json is damaged.
    """
    metrics = _read_metrics(folder) | {"test": figures.model_dump(mode="json")}
    _check_judge(folder, figures)
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    _replace(folder / METRICS_FILE, orjson.dumps(metrics, option=options))
    write_card(folder)


def write_card(folder: Path) -> None:
    """Write the card of the judge in ``folder`` from its metrics.json; raises GuardRankError."""
    metrics = _read_metrics(folder)
    try:
        figures = ShippedFigures.model_validate(metrics.get("test"))
    except ValidationError:
        raise GuardRankError(f"{folder / METRICS_FILE} has no figures: measure with mini_results.py") from None
    _check_judge(folder, figures)
    card = folder / CARD_FILE
    exports = _EXPORTS.search(card.read_text("utf-8")) if card.is_file() else None
    text = shipped_card(read_manifest(folder), metrics, exports.group() if exports else "")
    _replace(card, text.encode())


def _check_judge(folder: Path, figures: ShippedFigures) -> None:
    if judge_hash(folder, read_manifest(folder), figures.variant) != figures.hash:
        raise GuardRankError(f"the figures are of {figures.judge}, not of the judge in {folder}: measure it again")


def _read_metrics(folder: Path) -> dict[str, Any]:
    file = folder / METRICS_FILE
    try:
        metrics = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        metrics = None
    if not isinstance(metrics, dict):
        raise GuardRankError(f"{file} is missing or damaged: train the judge again")
    return metrics


def _replace(file: Path, content: bytes) -> None:
    """Write so that a kill leaves the old file or the new one, never half of one."""
    draft = file.with_name(f"{file.name}.tmp")
    draft.write_bytes(content)
    draft.replace(file)


def _about(manifest: Manifest, figures: ShippedFigures) -> dict[str, str]:
    component = manifest.transformer
    return {
        "name": manifest.name,
        "judge": figures.judge,
        "variant": figures.variant,
        "hash": figures.hash,
        "warning": _PART.format(figures.limit) if figures.limit is not None else "",
        "scales": "\n".join(f"| {each.dimension} | 0-{each.classes - 1} |" for each in manifest.outputs),
        "max_tokens": str(component.max_tokens),
        "truncation": component.truncation,
        "ngrams": "; its n-grams read the whole text" if manifest.ngrams else "",
    }


def _tables(figures: ShippedFigures) -> dict[str, str]:
    made = {
        "aims": aims_table(figures),
        "files": files_table(figures),
        "slices": slices_table(figures),
        "abstention": abstention_table(figures),
        "promises": promises_table(figures),
        "bars": bars_table(figures),
        "examples": examples_table(figures),
    }
    return {name: _table_or_none(table) for name, table in made.items()}


def _table_or_none(table: Table) -> str:
    return markdown(table) if table.rows else f"{table.title}: nothing was measured."


def _training(manifest: Manifest, metrics: Mapping[str, Any]) -> dict[str, str]:
    component, training = manifest.transformer, manifest.training
    recipe = training["recipe"]
    return {
        "base": component.base.id,
        "base_hash": component.base.sha256[:16],
        "how": "fine-tuned whole" if recipe["full"] else f"LoRA of rank {recipe['lora']['r']}",
        "recipe": recipe["name"],
        "seed": str(training["seed"]),
        "template": component.template,
        "versions": _listed(manifest.versions),
        "cost": "\n".join(f"- {sentence}" for sentence in cost_sentences(metrics)),
        "sources": "\n".join(
            f"| {cell(name)} | {row['rows']:,} | {cell(row['licence'])} |"
            for name, row in training["sources"].items()
        ),
    }


def _measured(figures: ShippedFigures) -> dict[str, str]:
    speed, where = figures.speed, figures.environment
    versions = {name: number for name, number in where.get("versions", {}).items() if number}
    return {
        "rows": f"{speed.rows:,}",
        "rows_per_second": f"{speed.rows_per_second:,}",
        "load_ms": f"{speed.load_ms:,}",
        "folder_bytes": f"{speed.folder_bytes:,}",
        "processor": cell(str(where.get("processor"))),
        "cores": cell(str(where.get("cores"))),
        "load_average": cell(str(where.get("load_average_at_end"))),
        "date": cell(str(where.get("date"))),
        "library_versions": _listed(versions),
    }


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{cell(name)} {cell(number)}" for name, number in versions.items())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Error: give the folder of a judge whose figures were measured")
    try:
        write_card(Path(sys.argv[1]))
    except GuardRankError as error:
        sys.exit(f"Error: {error}")
