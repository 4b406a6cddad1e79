"""Recipes tried on train and dev rows alone: what the settings of ``cross_fits.py`` rest on.

    python tests/benchmarks/recipe_trials.py -o trials --json docs/results/recipe-trials.json
    python tests/benchmarks/recipe_trials.py -o trials --trial refusal-whole-base

    rows of train and dev ──folds 0 and 1──> judged    ──folds 2 to 4──> a judge trained with the trial's recipe

No row of the test split is read. A trial whose judge is in the output folder is judged without training anew.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from agreement_studies import figure_cells
from cross_fits import PROGRAM, WHOLE_BASE
from measurement import SHARED_DATA, markdown_table, new_parser, report

from guardrank.agreement.results import Agreement
from guardrank.agreement.settings import StudySettings
from guardrank.agreement.study import conduct

JUDGED_FOLDS = (0, 1)


@dataclass(frozen=True)
class Trial:
    """One recipe: what is learnt, of which file, with what settings; which questions its judge is asked."""

    name: str
    question: str
    file: str
    settings: tuple[str, ...]
    asked: tuple[str, ...]


def _refusal(name: str, *settings: str) -> Trial:
    return Trial(f"refusal-{name}", "xstest-refusal", "xstest", settings, ("xstest-refusal",))


def _action(name: str, *settings: str) -> Trial:
    asked = ("do-not-answer-action", "do-not-answer-harmful")
    shared = ("heads=shared", "loss=nominal", *WHOLE_BASE)
    return Trial(f"action-{name}", asked[0], "do_not_answer", (*settings, *shared), asked)


TRIALS = (
    _refusal("adapter", "epochs=3"),
    _refusal("whole-base", "epochs=4", *WHOLE_BASE),
    _refusal("whole-base-256-tokens", "epochs=4", "max_tokens=256", *WHOLE_BASE),
    _action("4-epochs-unweighted", "epochs=4", "imbalance=none"),
    _action("6-epochs-unweighted-256-tokens", "epochs=6", "max_tokens=256", "imbalance=none"),
    _action("8-epochs", "epochs=8"),
)


def main() -> None:
    """Train what is not there, judge the held rows, print the table."""
    parser = new_parser(__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the judges")
    parser.add_argument("--trial", action="append", choices=[one.name for one in TRIALS], help="only this one")
    args = parser.parse_args()
    wanted = [one for one in TRIALS if not args.trial or one.name in args.trial]
    args.output.mkdir(parents=True, exist_ok=True)
    found = [(one, question, try_out(one, question, args.output)) for one in wanted for question in one.asked]
    rows = [[one.name, question, *figure_cells(agreement)] for one, question, agreement in found]
    table = markdown_table(["trial", "question", "n", "no score", "accuracy", "kappa [95 %]"], rows)
    report(table, [_kept(*one) for one in found], args.json)


def try_out(trial: Trial, question: str, output: Path) -> Agreement:
    """How the trial's judge agrees with people on the held rows."""
    folder = output / trial.name
    with tempfile.TemporaryDirectory() as scratch:
        rows = Path(scratch) / f"{trial.file}.jsonl"
        write_rows(trial.file, rows)
        if not folder.exists():
            settings = [part for value in trial.settings for part in ("--set", value)]
            options = ["--question", trial.question, "--base", "embedded", *settings, "-o", str(folder)]
            subprocess.run([sys.executable, "-c", PROGRAM, "--data", str(rows), *options], check=True)
        study = conduct(
            StudySettings(
                data=(str(rows),),
                judges=(f"trial={folder}",),
                question=question,
                split="test",
                output=Path(scratch),
            )
        ).study
    return study.slices[0].agreements[0]


def write_rows(file: str, out: Path) -> None:
    """The train and dev rows of a file; those of the judged folds take the place of test rows."""
    with gzip.open(SHARED_DATA / f"{file}.jsonl.gz") as lines, out.open("wb") as kept:
        for row in map(orjson.loads, lines):
            if row["split"] != "test":
                split = "test" if row["fold"] in JUDGED_FOLDS else row["split"]
                kept.write(orjson.dumps(row | {"split": split}, option=orjson.OPT_APPEND_NEWLINE))


def _kept(trial: Trial, question: str, agreement: Agreement) -> dict[str, Any]:
    figures = agreement.model_dump(mode="json", include={"n", "missing", "accuracy", "kappa", "confusion"})
    return {"trial": trial.name, "settings": trial.settings, "question": question} | figures


if __name__ == "__main__":
    main()
