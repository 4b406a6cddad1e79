"""Trials of guardrank-mini: judges trained with other settings, side by side on dev rows, source by source.

    guardrank-train --recipe mini --set ... -o TRIAL ─┬─dev rows of trained sources and data/chat─> AUC (and of the
                                                      └─dev rows of unseen files─────────> encoder alone), kappa

    python tests/benchmarks/mini_trials.py trials/shared trials/apart --json docs/results/mini-trials.json

Dev rows only: they chose the epoch and the bars of each trial as well, so the figures compare trials and promise
nothing. What a trial changed is read from its manifest, against the recipe that is committed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from guardrank.annotations import bounds, load_sources, read_records
from guardrank.judge import HeadJudge, load_judge
from guardrank.records import Record, RejectLog
from guardrank.train.recipe import Recipe, load_recipe
from guardrank.versions import library_versions

UNSEEN = (
    "beavertails_test",
    "safe_rlhf_mini",
    "xstest",
    "do_not_answer",
    "cdial_bias_zh",
    "uhgeval_zh",
    "factbench_en",
)
CHAT = Path("data/chat")
WEAK = "halluqa_zh_llmonly"
"""Labelled by GPT-4 alone: never measured on."""
SHOWN = ("auc", "encoder_auc", "kappa")


def dev_rows(files: Iterable[Path]) -> list[Record]:
    """The labelled dev rows of the files that are there, whose label says whether the score is above 0."""
    rows: list[Record] = []
    for file in files:
        if file.is_file():
            rows += read_records(str(file), rejects=RejectLog(None))
    return [row for row in rows if row.split == "dev" and row.human is not None and _says_whether(row)]


def _says_whether(row: Record) -> bool:
    low, high = bounds(row.human or 0)
    return low > 0 or high == 0


def figures(judge: HeadJudge, rows: Sequence[Record]) -> dict[str, dict[str, float | int | None]]:
    """By source: n, AUC of the chance of a score above 0, kappa and accuracy of the scores, AUC without n-grams."""
    said: dict[str, list[tuple[bool, bool, float, float]]] = defaultdict(list)
    encoder = copy(judge)
    encoder.ngrams = None
    for row, verdict, alone in zip(rows, judge.score(rows), encoder.score(rows), strict=True):
        if verdict.score is not None and verdict.probs is not None and alone.probs is not None:
            truth = bounds(row.human or 0)[0] > 0
            said[row.source or "unnamed"].append(
                (truth, verdict.score > 0, 1 - verdict.probs[0], 1 - alone.probs[0])
            )
    return {name: _figures(own) for name, own in sorted(said.items())}


def _figures(rows: Sequence[tuple[bool, bool, float, float]]) -> dict[str, float | int | None]:
    truth, above, chance, alone = (np.array(column) for column in zip(*rows, strict=True))
    both = 0 < truth.sum() < len(truth)
    return {
        "n": len(rows),
        "auc": round(float(roc_auc_score(truth, chance)), 4) if both else None,
        "encoder_auc": round(float(roc_auc_score(truth, alone)), 4) if both else None,
        "kappa": round(float(cohen_kappa_score(truth, above)), 4) if both else None,
        "accuracy": round(float((truth == above).mean()), 4),
    }


def changed(judge: HeadJudge) -> dict[str, Any]:
    """What the trial's recipe has otherwise than the committed one."""
    committed = load_recipe("mini").model_dump(mode="json")
    own = Recipe.model_validate(judge.manifest.training["recipe"]).model_dump(mode="json")
    own = own | {"base": Path(own["base"]).name}  # no paths of this machine
    return {key: own.get(key) for key in sorted({*own, *committed}) if own.get(key) != committed.get(key)}


def measure(folder: Path, trained: Sequence[Record], unseen: Sequence[Record]) -> dict[str, Any]:
    """All figures of one trial."""
    judge = load_judge(folder, device="cpu")
    run = json.loads((folder / "metrics.json").read_text("utf-8"))["training"]
    return {
        "trial": folder.name,
        "judge": judge.name,
        "changed": changed(judge),
        "seconds": run.get("seconds"),
        "train_rows": run.get("train_rows"),
        "trained": figures(judge, trained),
        "unseen": figures(judge, unseen),
    }


def show(trials: Sequence[dict[str, Any]], part: str) -> None:
    """One table: sources down, trials across, AUC and kappa in each cell."""
    table = Table(title=f"{part} sources, dev rows: AUC / of the encoder alone / kappa at the bars")
    table.add_column("source")
    for trial in trials:
        table.add_column(trial["trial"], justify="right")
    for name in sorted({name for trial in trials for name in trial[part]}):
        cells = [trial[part].get(name, {}) for trial in trials]
        table.add_row(name, *("/".join(_shown(cell.get(key)) for key in SHOWN) for cell in cells))
    Console().print(table)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def main(arguments: Sequence[str]) -> None:
    """Measure the trials named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", nargs="+", type=Path)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    shipped = [name for name, source in load_sources().items() if source.shipped and name != WEAK]
    named = {name: asked.shared / f"{name}.jsonl.gz" for name in (*shipped, *UNSEEN)}
    trained = dev_rows([*(named[name] for name in shipped), *sorted(CHAT.rglob("*.jsonl"))])
    unseen = dev_rows(named[name] for name in UNSEEN)
    trials = [measure(folder, trained, unseen) for folder in asked.trials]
    for part in ("trained", "unseen"):
        show(trials, part)
    if asked.json:
        versions = library_versions(("guardrank", "torch", "transformers", "scikit-learn", "onnxruntime"))
        text = json.dumps({"versions": versions, "trials": trials}, indent=1, ensure_ascii=False)
        asked.json.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
