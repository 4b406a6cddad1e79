"""LLaMA-2-7B on a machine with 24 GB: exporting it to 8 and 4 bits, and scoring, beside torch in bfloat16.

    python tests/benchmarks/llama_on_cpu.py --json llama_on_cpu.json        # 27 GB of disk, half an hour
    python tests/benchmarks/llama_on_cpu.py --layers 1 --rounds 1           # to try it out

A base of LLaMA-2-7B's shape and a LoRA adapter of rank 16 with random weights are written to a folder that is
deleted at the end. From there guardrank merges and exports (build_decoder over FolderWeights), and the texts
are scored through its engines on the same cores:

    onnx 8, 4    OnnxEngine, as load_judge opens an export
    torch        TorchEngine over transformers in bfloat16, the adapter merged by PEFT; once row by row and once
                 as a padded batch, and the ratios are to the faster of the two

The texts are random token ids, for speed and memory do not depend on them: their lengths are drawn evenly from
60 to 140 % of --tokens. Every step is a process of its own; the contenders take turns, backwards in every other
round. The clock covers scoring only, after one row to warm up; tokens are those of the texts, without padding.
Figures are medians over the rounds with the lowest and highest; ratios are taken within a round. Memory is the
process's peak in GB (10^9 bytes): "resident" with the pages of mapped files, against the budgets; "private"
without. Differences are between logits and torch's row by row, which bfloat16 rounds too. They say little of a
trained judge: a net of random weights carries every rounding on.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llama_cpu_watch import run_watched
from measurement import markdown_table, new_parser, report, usable_cores

WORKER = Path(__file__).with_name("llama_cpu_worker.py")
VOCABULARY = 32000
LAYER_GB = 0.8
"""Of disk for each layer: its weights, its adapter and both exports."""
EXPORT_BUDGET_GB = 20
BUDGETS_GB = {"onnx 8": 9, "onnx 4": 6}
"""What scoring may take of memory."""
CONTENDERS = {"onnx 8": ("onnx", "8"), "onnx 4": ("onnx", "4"), "torch": ("torch", "")}
"""Name -> the worker's step and the bits of the export."""


def main() -> None:
    """Build, export, score in rounds, print the tables."""
    args = parse_arguments()
    ids = random_texts(args.texts, args.tokens, args.seed)
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        ids_file = Path(folder) / "ids.json"
        ids_file.write_text(json.dumps(ids), encoding="utf-8")
        built = call("build", folder, str(args.layers), str(args.seed))
        exports = {bits: call("export", folder, bits) for bits in ("8", "4")}
        runs = measure(folder, ids_file, args)
    figures = {
        "layers": args.layers,
        "threads": args.threads,
        "text_lengths": [len(row) for row in ids],
        "budgets_gb": {"export": EXPORT_BUDGET_GB, **BUDGETS_GB},
        "build": built,
        "exports": exports,
        "runs": runs,
    }
    report(tables_of(figures), figures, args.json)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = new_parser(__doc__)
    parser.add_argument("--layers", type=int, default=32, help="fewer to try this out (default: 32)")
    parser.add_argument("--texts", type=int, default=8, help="texts scored a run (default: 8)")
    parser.add_argument("--tokens", type=int, default=100, help="their mean length (default: 100)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each contender (default: 3)")
    parser.add_argument("--threads", type=int, default=usable_cores(), help="of scoring (default: all cores)")
    parser.add_argument("--folder", type=Path, help="where there is room (default: the temporary folder)")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and ids (default: 0)")
    args = parser.parse_args()
    needed, free = 1 + args.layers * LAYER_GB, shutil.disk_usage(args.folder or tempfile.gettempdir()).free / 1e9
    if free < needed:
        parser.error(
            f"this takes {needed:.0f} GB of disk and {free:.0f} are free: name another place with --folder"
        )
    return args


def random_texts(count: int, tokens: int, seed: int) -> list[list[int]]:
    """Token ids without special tokens."""
    drawn = random.Random(seed)
    lengths = [drawn.randint(tokens * 6 // 10, tokens * 14 // 10) for _ in range(count)]
    return [[drawn.randrange(3, VOCABULARY) for _ in range(length)] for length in lengths]


def measure(folder: str, ids_file: Path, args: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """Contender -> its run in each round."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
    for number in range(args.rounds):
        for name in CONTENDERS if number % 2 == 0 else reversed(CONTENDERS):
            step, bits = CONTENDERS[name]
            parts = [part for part in (bits, str(ids_file), str(args.threads)) if part]
            runs[name].append(call(step, folder, *parts))
    return runs


def call(step: str, folder: str, *rest: str) -> dict[str, Any]:
    """One step of the worker, with a line on it on stderr."""
    result = run_watched([sys.executable, str(WORKER), step, folder, *rest])
    speeds = [f"{result[way]['tokens_per_second']:.1f} tokens/s" for way in ("rows", "batch") if way in result]
    name = " ".join([step, *rest[:1]]) if step in ("export", "onnx") else step
    done = [f"{result['process_seconds']:.0f} s", f"{result['resident_gb']:.2f} GB", *speeds]
    print(f"{name}: {', '.join(done)}", file=sys.stderr)
    return result


def tables_of(figures: dict[str, Any]) -> str:
    """One table of the steps before, one of scoring."""
    return f"{export_table(figures)}\n\n{score_table(figures['runs'])}"


def export_table(figures: dict[str, Any]) -> str:
    """Seconds, memory and size of building and exporting."""
    headings = ["step", "seconds", "resident GB", "private GB", "budget", "file GB"]
    steps = {"random weights": figures["build"]}
    steps |= {f"export to {bits} bits": step for bits, step in figures["exports"].items()}
    rows = [
        [
            name,
            f"{step['process_seconds']:.0f}",
            *_memory([step], EXPORT_BUDGET_GB if "file_gb" in step else None),
            f"{step['file_gb']:.2f}" if "file_gb" in step else "",
        ]
        for name, step in steps.items()
    ]
    return markdown_table(headings, rows)


def score_table(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Speed, its ratio to torch, memory, and how far the logits are from torch's."""
    headings = ["", "tokens/s", "of torch", "load s", "resident GB", "private GB", "budget", "largest difference"]
    fastest = [max(run[way]["tokens_per_second"] for way in ("rows", "batch")) for run in runs["torch"]]
    wanted = runs["torch"][0]["rows"]["logits"]
    lines = [("onnx 8", "rows"), ("onnx 4", "rows"), ("torch", "rows"), ("torch", "batch")]
    rows = [_score_row(name, way, runs[name], fastest, wanted) for name, way in lines]
    deviation = statistics.pstdev(value for row in wanted for value in row)
    return f"{markdown_table(headings, rows)}\n\nStandard deviation of torch's logits: {deviation:.3f}"


def _score_row(
    name: str, way: str, runs: Sequence[dict[str, Any]], fastest: Sequence[float], wanted: Sequence[Sequence[float]]
) -> list[str]:
    speeds = [run[way]["tokens_per_second"] for run in runs]
    return [
        f"{name}, {way}" if name == "torch" else name,
        spread(speeds, 1),
        spread([speed / best for speed, best in zip(speeds, fastest, strict=True)], 2),
        spread([run["load_seconds"] for run in runs], 0),
        *_memory(runs, BUDGETS_GB.get(name)),
        f"{largest_difference(runs[0][way]['logits'], wanted):.3f}",
    ]


def _memory(runs: Sequence[dict[str, Any]], budget: int | None) -> list[str]:
    """Peaks over the runs, and the budget with its verdict."""
    resident, private = (max(run[kind] for run in runs) for kind in ("resident_gb", "private_gb"))
    verdict = "" if budget is None else f"{budget}, {'kept' if resident <= budget else 'EXCEEDED'}"
    return [f"{resident:.2f}", f"{private:.2f}", verdict]


def largest_difference(logits: Sequence[Sequence[float]], wanted: Sequence[Sequence[float]]) -> float:
    """Between two lists of rows."""
    pairs = zip(logits, wanted, strict=True)
    return max(abs(a - b) for row, other in pairs for a, b in zip(row, other, strict=True))


def spread(values: Sequence[float], digits: int) -> str:
    """``median (lowest-highest)``."""
    median, low, high = statistics.median(values), min(values), max(values)
    return f"{median:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


if __name__ == "__main__":
    main()
