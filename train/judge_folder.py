"""Writing the judge folder: manifest, adapter and head, tokenizer, metrics.json, model card.

Everything is written in the work folder and moved at the end, so a judge is there whole or not at all.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from guardrank.annotations import Label, cluster_of, load_sources
from guardrank.calibration import expected_score
from guardrank.judge import Manifest, Output, write_manifest
from guardrank.judge.base import hash_file
from guardrank.judge.head import decode_output
from guardrank.judge.manifest import TOKENIZER_FILE, NGrams
from guardrank.judge.torch_loading import torch_files
from guardrank.records import Record
from guardrank.train.card import model_card
from guardrank.train.figures import Floats, is_constant, label_figures
from guardrank.train.pretrain import PRETRAINING_FILE
from guardrank.train.run import Trained, group_by_output
from guardrank.versions import library_versions

METRICS_FILE = "metrics.json"
PACKAGES = ("guardrank", "torch", "transformers", "peft", "tokenizers", "numpy")


def write_judge(
    trained: Trained, out: Path, train: Sequence[Record], data: Sequence[Mapping[str, Any]]
) -> Manifest:
    """Write ``trained`` to the folder ``out``, replacing what is there, and return its manifest.

    Args:
        train: the rows trained on, for the counts by source.
        data: name, sha256 and rows of each input.
    """
    draft = trained.job.work / "judge-new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    _write_weights(trained, draft)
    shutil.copyfile(trained.trainee.tokenizer_file, draft / TOKENIZER_FILE)
    if trained.job.recipe.ngrams:
        shutil.copyfile(trained.job.work / NGrams().file, draft / NGrams().file)
    manifest = _manifest(trained, out.name, draft, train, data)
    metrics = judge_metrics(trained)
    finish_judge(draft, out, manifest, metrics, model_card(manifest, metrics))
    return manifest


def finish_judge(draft: Path, out: Path, manifest: Manifest, metrics: Mapping[str, Any], card: str) -> None:
    """Write manifest, metrics and card to ``draft``, which holds the rest, and put it in the place of ``out``."""
    write_manifest(draft, manifest)
    (draft / METRICS_FILE).write_bytes(orjson.dumps(metrics, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    (draft / "README.md").write_text(card, encoding="utf-8")
    for file in draft.iterdir():
        file.chmod(0o644)  # peft writes the adapter for its owner alone
    _replace(out, draft, draft.with_name("judge-old"))


def _replace(out: Path, draft: Path, old: Path) -> None:
    """Put ``draft`` in the place of ``out``; the judge that was there goes only when the new one stands."""
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    draft.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _write_weights(trained: Trained, folder: Path) -> None:
    model, recipe = trained.trainee.model, trained.job.recipe
    if recipe.full:
        model.save_pretrained(str(folder), safe_serialization=True, max_shard_size="1TB")  # one file, one hash
        return
    # the base's own id, not the path that it had on this machine; peft looks nothing up for it
    model.peft_config["default"].base_model_name_or_path = recipe.base
    model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)


def _manifest(
    trained: Trained, name: str, folder: Path, train: Sequence[Record], data: Sequence[Mapping[str, Any]]
) -> Manifest:
    job = trained.job
    loaded = torch_files(trained.trainee.component)
    ngrams = (NGrams(),) if job.recipe.ngrams else ()
    return Manifest(
        name=name,
        components=(trained.trainee.component, *ngrams),
        combine="sum" if ngrams else "single",
        outputs=trained.outputs,
        label_field=job.label_field,
        label_values=dict(job.label_values),
        own_labels=job.classes is not None,
        training={
            "recipe": job.recipe.model_dump(mode="json"),
            "seed": job.seed,
            "data": list(data),
            "sources": source_counts(train),
        },
        versions=library_versions(PACKAGES),
        weights={"torch": {file: hash_file(folder / file) for file in (*loaded, *(part.file for part in ngrams))}},
    )


def source_counts(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Rows trained on by source, with the source's licence where it is known; made rows by themselves."""
    known = load_sources()
    counts = Counter((record.source or "unnamed", record.get_path("derived") or "") for record in records)
    return {
        f"{name} ({derived})" if derived else name: {
            "rows": rows,
            "licence": known[name].licence if name in known else "unknown",
        }
        for (name, derived), rows in sorted(counts.items())
    }


def judge_metrics(trained: Trained) -> dict[str, Any]:
    """Dev figures by dimension, which heads are constant or no better than chance, and what the run cost."""
    dev = {
        output.dimension.value: _dev_figures(trained, output, logits, labels)
        for output, logits, labels in group_by_output(trained.outputs, trained.dev, trained.dev_logits)
        if labels
    }
    constant = [name for name, row in dev.items() if row["constant"]]
    chance = [name for name, row in dev.items() if name not in constant and (row["kappa_interval"] or [0])[0] <= 0]
    figures = {"dev": dev, "constant": constant, "chance": chance, "training": trained.run_figures}
    base = Path(trained.job.recipe.base) / PRETRAINING_FILE
    return figures | ({"pretraining": orjson.loads(base.read_bytes())} if base.is_file() else {})


def _dev_figures(trained: Trained, output: Output, logits: Floats, labels: Sequence[Label]) -> dict[str, Any]:
    probs, scores, _, abstained = decode_output(output, logits)
    clusters = [cluster_of(record) for record in trained.dev if record.dimension == output.dimension]
    return label_figures(scores, labels, output.classes, clusters) | {
        "abstained": round(float(abstained.mean()), 4),
        "constant": len(set(labels)) > 1 and is_constant(scores, expected_score(probs)),
    }
