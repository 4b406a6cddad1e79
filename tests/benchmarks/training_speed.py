"""How fast training is on a CPU, and how much memory it takes.

    python tests/benchmarks/training_speed.py --rounds 3 --steps 30 --large-steps 4 --json training_speed.json

    embedded-lora           the embedded base as the recipe has it: LoRA, float32 weights, matrix products in
                            bfloat16 where the hardware has them
    embedded-lora-float32   the same with all products in float32
    embedded-lora-bf16      the same with base weights in bfloat16 instead of autocast
    embedded-full           the whole embedded base fine-tuned
    roberta-large-lora      RoBERTa-large's shape (random weights), LoRA, recipe paper-truthfulness

All train through guardrank.train (Job, train_judge) on the same real texts at their natural lengths, cut
where the recipe cuts: train rows of ../shared/data/diasafety and halueval_general, else the seed data. Every
run is a process of its own, so that peaks do not mix, and the contenders take turns, backwards in every other
round. Figures are medians over the rounds with the lowest and highest. The clock covers the updates only,
the first included; tokens are those of the texts, without padding. Memory is the peak resident set of the
process; "before" is what it was before the first update: libraries, rows and the loaded model.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measurement import ROOT, SHARED_DATA, markdown_table, new_parser, report

WORKER = Path(__file__).with_name("training_worker.py")
_FILES = [SHARED_DATA / f"{name}.jsonl.gz" for name in ("diasafety", "halueval_general")]


@dataclass(frozen=True)
class Contender:
    """A way to train: recipe and overrides; ``large`` ones take --large-steps and a base built here."""

    recipe: str
    overrides: tuple[str, ...] = ()
    large: bool = False


CONTENDERS = {
    "embedded-lora": Contender("embedded"),
    "embedded-lora-float32": Contender("embedded", ("precision=float32",)),
    "embedded-lora-bf16": Contender("embedded", ("base_dtype=bfloat16", "precision=float32")),
    "embedded-full": Contender("embedded", ("full=true",)),
    "roberta-large-lora": Contender("paper-truthfulness", ("batch_size=16",), large=True),
}


def main() -> None:
    """Measure all contenders in turn, print the table."""
    args = parse_arguments()
    names = args.contender or list(CONTENDERS)
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "roberta-large-shape"
        if any(CONTENDERS[name].large for name in names):
            call_worker("build", str(base), str(args.large_layers))
        for number in range(args.rounds):
            for name in names if number % 2 == 0 else reversed(names):
                runs[name].append(train_once(CONTENDERS[name], args, base, Path(folder)))
                print(
                    f"round {number + 1}: {name} {runs[name][-1]['rows_per_second']:.1f} rows/s",
                    file=sys.stderr,
                )
    report(table_of(runs), {"data": args.data, "runs": runs}, args.json)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = new_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each contender (default: 3)")
    parser.add_argument("--steps", type=int, default=30, help="updates of the embedded base (default: 30)")
    parser.add_argument("--large-steps", type=int, default=4, help="updates of RoBERTa-large (default: 4)")
    parser.add_argument("--large-layers", type=int, default=24, help="its layers, fewer to try this out")
    parser.add_argument("--contender", action="append", choices=CONTENDERS, help="only this; may be repeated")
    parser.add_argument("--data", action="append", metavar="FILE", help="other annotated rows")
    parser.add_argument("--seed", type=int, default=13, help="seed of the rows and of training (default: 13)")
    args = parser.parse_args()
    args.data = args.data or [str(file) for file in default_data()]
    return args


def default_data() -> list[Path]:
    """The real annotated rows where they are, else the seed data."""
    return _FILES if all(file.is_file() for file in _FILES) else sorted((ROOT / "data" / "seed").glob("*.jsonl"))


def train_once(contender: Contender, args: argparse.Namespace, base: Path, folder: Path) -> dict[str, Any]:
    """One run in a process of its own."""
    overrides = [*contender.overrides, f"base={base}"] if contender.large else list(contender.overrides)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        spec = {
            "recipe": contender.recipe,
            "overrides": overrides,
            "steps": args.large_steps if contender.large else args.steps,
            "data": args.data,
            "seed": args.seed,
            "work": work,
        }
        return dict(json.loads(call_worker("train", json.dumps(spec)).splitlines()[-1]))


def call_worker(*arguments: str) -> str:
    """The worker's stdout; its stderr is shown where it fails.

    This process stays small: a child's peak counts from what its parent held when it was started.
    """
    result = subprocess.run([sys.executable, str(WORKER), *arguments], capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{result.stderr}\nError: training_worker.py {arguments[0]} failed")
    return result.stdout


def table_of(runs: dict[str, list[dict[str, Any]]]) -> str:
    """The Markdown table."""
    headings = [
        "contender",
        "rows/s",
        "tokens/s",
        "peak MiB",
        "before",
        "trained",
        "parameters",
        "steps x runs",
    ]
    return markdown_table(headings, [_table_row(name, results) for name, results in runs.items()])


def _table_row(name: str, results: Sequence[dict[str, Any]]) -> list[object]:
    first = results[0]
    return [
        name,
        spread([run["rows_per_second"] for run in results], 1),
        spread([run["tokens_per_second"] for run in results]),
        spread([run["peak_mib"] for run in results]),
        spread([run["peak_mib_before_training"] for run in results]),
        f"{first['trained_parameters']:,}",
        f"{first['parameters']:,}",
        f"{len(first['step_seconds'])} x {len(results)}",
    ]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """``median (lowest-highest)``."""
    median, low, high = statistics.median(values), min(values), max(values)
    return f"{median:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


if __name__ == "__main__":
    main()
