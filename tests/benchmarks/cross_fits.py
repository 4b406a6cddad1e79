"""The cross-fitted verdicts that ``agreement_studies.py`` studies: one run of guardrank-train for each set.

    python tests/benchmarks/cross_fits.py -o crossfit --publish docs/results/verdicts
    python tests/benchmarks/cross_fits.py -o crossfit --run msts-unsafe     # one of them

One thread a run, as many runs at a time as there are cores. A run that was stopped goes on where it was; one whose
verdicts are there is skipped. The folds of a run that fails or is interrupted are published too (NAME.folds/), and
another machine takes them up from there. Settings: fixed on train and dev rows (docs/agreement.md).
What each run took is added to times.jsonl in the output folder as it ends.

Published are ids, scores, probabilities and folds: nothing of the data, no label of a person.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from measurement import SHARED_DATA, environment, markdown_table, new_parser, report, usable_cores

FOLDS = 5
PUBLISHED = ("id", "score", "probs", "abstained", "truncated", "error", "judge", "fold")
PROGRAM = "import sys; from guardrank.train.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Run:
    """One question, the files whose rows are cross-fitted together, what differs from the embedded recipe.

    Attributes:
        name: of the verdicts, and of the question unless another one is given.
    """

    name: str
    files: tuple[str, ...]
    settings: tuple[str, ...] = ("epochs=3",)
    another_question: str = ""

    @property
    def question(self) -> str:
        """What is learnt."""
        return self.another_question or self.name


WHOLE_BASE = ("full=true", "full_learning_rate=1e-4")
"""Every weight is trained, not an adapter: chosen on train and dev rows of xstest and do_not_answer."""

RUNS = (
    Run("do-not-answer-harmful", ("do_not_answer",)),
    Run("do-not-answer-action", ("do_not_answer",), ("epochs=8", "heads=shared", "loss=nominal", *WHOLE_BASE)),
    Run("msts-unsafe", ("msts_en_multimodal",)),
    Run("openqa-wrong", ("openqa_nq301", "evouna"), ("epochs=2",)),
    Run("faithbench-unfaithful", ("faithbench",)),
    Run("halueval2-false", ("halueval2_statements",)),
    Run("xstest-refusal", ("xstest",), ("epochs=4", *WHOLE_BASE)),
    Run("xstest-refusal-adapter", ("xstest",), another_question="xstest-refusal"),
)


def main() -> None:
    """Run what has no verdicts yet and print what each took."""
    parser = new_parser(__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the verdicts")
    parser.add_argument("--run", action="append", choices=[one.name for one in RUNS], help="only this one")
    parser.add_argument("--workers", type=int, default=usable_cores(), help="runs at a time (default: the cores)")
    parser.add_argument("--publish", type=Path, help="folder for what may be published of them, as .jsonl.gz")
    args = parser.parse_args()
    wanted = [one for one in RUNS if not args.run or one.name in args.run]
    args.output.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(args.workers) as pool:
        taken = list(pool.map(partial(cross_fit, output=args.output, public=args.publish), wanted))
    rows = [[one["run"], f"{one['rows']:,}", " ".join(one["settings"]), _minutes(one["seconds"])] for one in taken]
    report(markdown_table(["run", "rows", "settings", "minutes, one thread"], rows), taken, args.json)


def cross_fit(run: Run, output: Path, public: Path | None) -> dict[str, Any]:
    """Run one to its end; its seconds are null where it was not run from its start here."""
    verdicts = output / f"{run.name}.jsonl"
    begun = time.monotonic()
    if public:
        take_up(verdicts, public / f"{run.name}.folds")
    is_whole = not list(output.glob(f"{verdicts.name}*"))
    if not verdicts.exists():
        with (output / f"{run.name}.log").open("ab") as log:
            words = command(run, verdicts, resume=not is_whole)
            try:
                subprocess.run(words, check=True, stdout=log, stderr=log, env=os.environ | {"OMP_NUM_THREADS": "1"})
            except BaseException:
                if public and list(output.glob(f"{verdicts.name}.work/fold-*.jsonl")):
                    publish_folds(verdicts, public / f"{run.name}.folds")
                raise
    lines = read_lines(verdicts)
    if public:
        publish(lines, public / f"{verdicts.name}.gz")
        shutil.rmtree(public / f"{run.name}.folds", ignore_errors=True)
    seconds = time.monotonic() - begun if is_whole else None
    taken = {"run": run.name, "settings": run.settings, "rows": len(lines), "seconds": seconds}
    with (output / "times.jsonl").open("ab") as times:
        times.write(orjson.dumps(taken | {"environment": environment()}, option=orjson.OPT_APPEND_NEWLINE))
    return taken


def take_up(verdicts: Path, folds: Path) -> None:
    """Lay the folds that another machine has finished where ``--resume`` looks for them."""
    work = verdicts.with_name(f"{verdicts.name}.work")
    if not folds.is_dir() or work.exists() or verdicts.exists():
        return
    work.mkdir()
    shutil.copyfile(folds / "settings.json", work / "settings.json")
    for fold in folds.glob("fold-*.jsonl.gz"):
        (work / fold.stem).write_bytes(gzip.decompress(fold.read_bytes()))


def publish_folds(verdicts: Path, folds: Path) -> None:
    """Publish the finished folds of a run that is not."""
    work = verdicts.with_name(f"{verdicts.name}.work")
    for fold in sorted(work.glob("fold-*.jsonl")):
        publish(read_lines(fold), folds / f"{fold.name}.gz")
    shutil.copyfile(work / "settings.json", folds / "settings.json")


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The verdicts in a file."""
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def publish(lines: list[dict[str, Any]], file: Path) -> None:
    """Write what may be published of verdict lines; the same lines make the same bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = [{name: line[name] for name in PUBLISHED if name in line} for line in lines]
    text = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in kept)
    file.write_bytes(gzip.compress(text, compresslevel=9, mtime=0))


def command(run: Run, verdicts: Path, *, resume: bool) -> list[str]:
    """The command line of one run, in this Python."""
    data = [part for file in run.files for part in ("--data", str(SHARED_DATA / f"{file}.jsonl.gz"))]
    settings = [part for value in (*run.settings, "dev_share=0.1") for part in ("--set", value)]
    options = ["--question", run.question, "--base", "embedded", "--cross-fit", str(FOLDS), *settings]
    again = ["--resume"] if resume else []
    return [sys.executable, "-c", PROGRAM, *data, *options, *again, "-o", str(verdicts)]


def _minutes(seconds: float | None) -> str:
    return "run before" if seconds is None else f"{seconds / 60:.0f}"


if __name__ == "__main__":
    main()
