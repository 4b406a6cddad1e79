"""Do promised error rates hold on real verdicts? Bars from half of a set's prompts, errors on the other half.

    python tests/benchmarks/promised_errors.py --json docs/results/promised-errors.json

    cross-fitted verdicts (docs/results/verdicts) and people's labels ──prompts in two halves, at random──>
        one half ──train.selective──> a bar for each error rate ──> coverage and error rate of the other half

No row's prompt was trained on by the judge that scored it. "kept" and "wrong" are means over the draws that gave a
bar; "broken" is the share of all draws in which the other half's error rate was above the promise. It is to be at
most 0.1, but for chance in the other half, which is no population: --draws halves of one set are not independent.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from cross_fits import RUNS, Run
from measurement import ROOT, SHARED_DATA, markdown_table, new_parser, report

from guardrank.annotations import bounds, cluster_of, find_question, read_records
from guardrank.records import open_bytes
from guardrank.train.selective import DELTA, ERROR_RATES, error_bars

VERDICTS = ROOT / "docs" / "results" / "verdicts"
SHOWN = (0.03, 0.05, 0.075, 0.1, 0.2)


def main() -> None:
    """Measure every set and print what is promised, kept and broken."""
    parser = new_parser(__doc__)
    parser.add_argument("--draws", type=int, default=200, help="halves of each set (default: 200)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    figures = [measure(run, args.draws, args.seed) for run in RUNS if file_of(run).is_file()]
    headings = ["verdicts", "rows", "wrong", *(f"at {rate:g}: kept, wrong, broken" for rate in SHOWN)]
    table = [
        [
            one["run"],
            f"{one['rows']:,}",
            f"{one['wrong']:.3f}",
            *(_cell(one["promises"][str(rate)]) for rate in SHOWN),
        ]
        for one in figures
    ]
    report(markdown_table(headings, table) + f"\n\nBroken promises may be {DELTA:g}.", figures, args.json)


def file_of(run: Run) -> Path:
    """The verdicts of a run, as they are published."""
    return VERDICTS / f"{run.name}.jsonl.gz"


def measure(run: Run, draws: int, seed: int) -> dict[str, Any]:
    """Bars and what they keep, over ``draws`` divisions of a run's prompts."""
    confidence, wrong, clusters = read_rows(run)
    random, found = np.random.default_rng(seed), defaultdict[float, list[tuple[float, float]]](list)
    for _ in range(draws):
        dev = (random.permutation(clusters.max() + 1) % 2 == 0)[clusters]
        for rate, bar in error_bars(confidence[dev], wrong[dev], clusters[dev].tolist()):
            kept = ~dev & (confidence >= bar)
            found[rate].append((kept.sum() / (~dev).sum(), wrong[kept].mean() if kept.any() else 0.0))
    return {
        "run": run.name,
        "rows": wrong.size,
        "prompts": int(clusters.max()) + 1,
        "wrong": float(wrong.mean()),
        "draws": draws,
        "promises": {str(rate): _summary(rate, found[rate], draws) for rate in ERROR_RATES},
    }


def read_rows(run: Run) -> tuple[Any, Any, Any]:
    """Confidence (n,), whether the score is wrong (n,), and the prompt's number (n,) of each row with both."""
    rule = find_question(run.question).rule
    files = [SHARED_DATA / f"{name}.jsonl.gz" for name in run.files]
    records = {record.id: record for record in read_records(files, rule=rule) if record.human is not None}
    with open_bytes(file_of(run)) as stream:
        verdicts = [verdict for verdict in map(orjson.loads, stream) if verdict["score"] is not None]
    known = [verdict for verdict in verdicts if verdict["id"] in records]
    spans = np.array([bounds(records[verdict["id"]].human) for verdict in known])  # type: ignore[arg-type]
    scores = np.array([verdict["score"] for verdict in known])
    prompts = [cluster_of(records[verdict["id"]]) for verdict in known]
    return (
        np.array([max(verdict["probs"]) for verdict in known]),
        (scores < spans[:, 0]) | (scores > spans[:, 1]),
        np.unique(prompts, return_inverse=True)[1],
    )


def _summary(rate: float, found: list[tuple[float, float]], draws: int) -> dict[str, float | None]:
    if not found:
        return {"given": 0.0, "kept": None, "wrong": None, "broken": 0.0}
    kept, wrong = np.array(found).T
    return {
        "given": len(found) / draws,
        "kept": float(kept.mean()),
        "wrong": float(wrong.mean()),
        "broken": float((wrong > rate).sum() / draws),
    }


def _cell(promise: dict[str, float | None]) -> str:
    if not promise["given"]:
        return "none"
    part = "" if promise["given"] == 1 else f" (in {promise['given']:.0%} of the draws)"
    return f"{promise['kept']:.2f}, {promise['wrong']:.3f}, {promise['broken']:.3f}{part}"


if __name__ == "__main__":
    main()
