"""The cross-fitted verdicts that ``agreement_studies.py`` studies: one run of guardrank-train for each set.

    python tests/benchmarks/cross_fits.py -o crossfit --json docs/results/cross-fits.json
    python tests/benchmarks/cross_fits.py -o crossfit --run msts-unsafe     # one of them

One thread a run, as many runs at a time as there are cores, the longest first. A run that was stopped goes on
where it was; one whose verdicts are there is skipped. Settings: fixed on train and dev rows (docs/agreement.md).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from measurement import SHARED_DATA, markdown_table, new_parser, report, usable_cores

FOLDS = 5
PROGRAM = "import sys; from guardrank.train.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Run:
    """One question, the files whose rows are cross-fitted together, how often training sees them."""

    question: str
    files: tuple[str, ...]
    epochs: int = 3


RUNS = (
    Run("do-not-answer-harmful", ("do_not_answer",)),
    Run("msts-unsafe", ("msts_en_multimodal",)),
    Run("openqa-wrong", ("openqa_nq301", "evouna"), epochs=2),
    Run("faithbench-unfaithful", ("faithbench",)),
    Run("halueval2-false", ("halueval2_statements",)),
    Run("xstest-refusal", ("xstest",)),
)


def main() -> None:
    """Run what has no verdicts yet and print what each took."""
    parser = new_parser(__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the verdicts")
    parser.add_argument("--run", action="append", choices=[one.question for one in RUNS], help="only this one")
    parser.add_argument("--workers", type=int, default=usable_cores(), help="runs at a time (default: the cores)")
    args = parser.parse_args()
    wanted = [one for one in RUNS if not args.run or one.question in args.run]
    args.output.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(args.workers) as pool:
        taken = list(pool.map(partial(cross_fit, output=args.output), wanted))
    rows = [[one["question"], f"{one['rows']:,}", str(one["epochs"]), _minutes(one["seconds"])] for one in taken]
    report(markdown_table(["question", "rows", "epochs", "minutes, one thread"], rows), taken, args.json)


def cross_fit(run: Run, output: Path) -> dict[str, Any]:
    """Run one to its end; its seconds are null where it was not run from its start here."""
    verdicts = output / f"{run.question}.jsonl"
    begun = time.monotonic()
    whole = not verdicts.exists() and not list(output.glob(f"{verdicts.name}*"))
    if not verdicts.exists():
        with (output / f"{run.question}.log").open("ab") as log:
            subprocess.run(
                command(run, verdicts, resume=not whole),
                check=True,
                stdout=log,
                stderr=log,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
    seconds = time.monotonic() - begun if whole else None
    return {
        "question": run.question,
        "epochs": run.epochs,
        "rows": sum(1 for _ in verdicts.open("rb")),
        "seconds": seconds,
    }


def command(run: Run, verdicts: Path, *, resume: bool) -> list[str]:
    """The command line of one run, in this Python."""
    data = [part for file in run.files for part in ("--data", str(SHARED_DATA / f"{file}.jsonl.gz"))]
    settings = ["--set", f"epochs={run.epochs}", "--set", "dev_share=0.1"]
    options = ["--question", run.question, "--base", "embedded", "--cross-fit", str(FOLDS), *settings]
    again = ["--resume"] if resume else []
    return [sys.executable, "-c", PROGRAM, *data, *options, *again, "-o", str(verdicts)]


def _minutes(seconds: float | None) -> str:
    return "run before" if seconds is None else f"{seconds / 60:.0f}"


if __name__ == "__main__":
    main()
