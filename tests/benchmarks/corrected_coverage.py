"""How often the intervals of corrected scores hold the truth, and how wide they are beside the labels' alone.

    python tests/benchmarks/corrected_coverage.py --json corrected_coverage.json

Simulated: runs of 800 responses to 200 prompts, in which the truth is known, judges that err in six ways, and 50 to
200 labels of rows (or of whole prompts) drawn at random: the mean of label / top score, --repeats times each.

Real: a file whose every row has people's label; a recorded judge (GPT-4, ...) is the judge of the run, labels of
rows drawn at random are the sample, --draws times; the truth is the mean of all labels. Rows that the judge gave
no label are left out of both. Done twice: with the file as the run ("file"), and with runs of as many prompts
drawn from the file's with replacement ("prompts"). Intervals speak of prompts like these, which is the latter; the
file's own mean they hold more often than 95 % of the time.

Coverage is to be 0.95: for R repeats its standard error is sqrt(0.95 x 0.05 / R), 0.0097 for 500. "width" is the
mean width of the corrected interval over that of the labels alone. Intervals of the judge alone know nothing of its
errors: they are there to show it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from measurement import ROOT, SHARED_DATA, markdown_table, new_parser, report
from people_labels import is_positive

sys.path.insert(0, str(ROOT / "tests" / "support"))
from tests_support.simulated_judges import BINARY, GRADED, JUDGES, Simulation

from guardrank.agreement.prediction_powered import (
    CorrectedMean,
    JudgedRows,
    LabelledRows,
    corrected_mean,
)
from guardrank.agreement.sample import cluster_codes
from guardrank.annotations import cluster_of, read_records
from guardrank.metrics import wilson_interval

RARE = (1.645,)
"""A label above 0 on 5 % of the rows."""
LABEL_KINDS = {"0/1, 30 % are 1": BINARY, "0/1, 5 % are 1": RARE, "0-3": GRADED}
DRAWS = ((50, False), (100, False), (200, False), (120, True), (200, True))
REAL = (
    ("do_not_answer", "gpt-4", (200, 500)),
    ("do_not_answer", "longformer-ft", (200,)),
    ("msts_en_multimodal", "gpt-4o-2024-05-13", (200,)),
    ("openqa_nq301", "gpt-4", (200,)),
    ("halueval2_statements", "gpt-4(unknown=1)", (200,)),
)


class Tally:
    """Counts over the repeats of one setting: which intervals held ``truth``, and how wide they were."""

    def __init__(self, truth: float) -> None:
        self.truth = truth
        self.found: list[CorrectedMean] = []
        self.judge_held = 0

    def add(self, found: CorrectedMean, judge: tuple[float, float]) -> None:
        """One more repeat."""
        self.found.append(found)
        self.judge_held += judge[0] <= self.truth <= judge[1]

    def figures(self) -> dict[str, float]:
        """Coverage, mean widths and mean estimates."""
        corrected = np.array([(one.corrected.low, one.corrected.value, one.corrected.high) for one in self.found])
        labels = np.array(
            [(one.labels_alone.low, one.labels_alone.value, one.labels_alone.high) for one in self.found]
        )
        repeats = len(self.found)
        return {
            "truth": self.truth,
            "repeats": repeats,
            "coverage": _held(corrected, self.truth),
            "labels_coverage": _held(labels, self.truth),
            "judge_coverage": self.judge_held / repeats,
            "width": float((corrected[:, 2] - corrected[:, 0]).mean()),
            "labels_width": float((labels[:, 2] - labels[:, 0]).mean()),
            "bias": float(corrected[:, 1].mean() - self.truth),
            "error": float(np.sqrt(((corrected[:, 1] - self.truth) ** 2).mean())),
            "labels_error": float(np.sqrt(((labels[:, 1] - self.truth) ** 2).mean())),
            "gain": float(np.median([one.gain for one in self.found])),
            "tuning": float(np.mean([one.tuning for one in self.found])),
        }


def _held(intervals: np.ndarray, truth: float) -> float:
    return float(((intervals[:, 0] <= truth) & (truth <= intervals[:, 2])).mean())


def main() -> None:
    """Both parts, two tables."""
    args = parse_arguments()
    simulated = [
        simulate(kind, *rest, args.repeats, args.seed) for kind, *rest in product(LABEL_KINDS, JUDGES, DRAWS)
    ]
    real = [figures for name, judge, counts in REAL for figures in measure(name, judge, counts, args)]
    text = f"{simulated_table(simulated)}\n\n{real_table(real)}"
    report(text, {"simulated": simulated, "real": real}, args.json)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = new_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=500, help="simulated runs a setting (default: 500)")
    parser.add_argument("--draws", type=int, default=500, help="samples of a real file (default: 500)")
    parser.add_argument("--data", type=Path, default=SHARED_DATA, help="folder of the real annotated responses")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def simulate(kind: str, judge: str, draw: tuple[int, bool], repeats: int, seed: int) -> dict[str, Any]:
    """Figures of one simulated setting."""
    setting = Simulation(LABEL_KINDS[kind], judge, draw[0], whole_prompts=draw[1])
    rng = np.random.default_rng([seed, *map(ord, f"{kind}{judge}{draw}")])
    tally = Tally(setting.truth)
    for _ in range(repeats):
        labelled, run = setting.draw(rng)
        tally.add(corrected_mean(labelled, run), wilson_interval(run.values, run.clusters))
    print(f"{kind}, {judge}, {draw}", file=sys.stderr)
    return {"labels_kind": kind, "prompts": "whole" if draw[1] else "rows", **asdict(setting), **tally.figures()}


def measure(name: str, judge: str, counts: tuple[int, ...], args: argparse.Namespace) -> list[dict[str, Any]]:
    """Figures of a real file with a recorded judge, for each number of labels."""
    rows = [
        row
        for row in read_records(args.data / f"{name}.jsonl.gz")
        if row.human is not None and is_positive(row) is not None and row.judges.get(judge) is not None
    ]
    labels = np.array([bool(is_positive(row)) for row in rows], np.float64)
    scores = np.array([row.judges[judge] > 0 for row in rows], np.float64)
    clusters = cluster_codes([cluster_of(row) for row in rows])
    known = {"file": name, "judge": judge, "rows": len(rows), "clusters": int(clusters.max()) + 1}
    known |= {"judge_mean": float(scores.mean()), "judge_interval": wilson_interval(scores, clusters)}
    figures = []
    for count, anew in product(counts, (False, True)):
        rng = np.random.default_rng([args.seed, count, anew])
        tally = Tally(float(labels.mean()))
        for _ in range(args.draws):
            index, prompts = drawn_anew(rng, clusters) if anew else (np.arange(len(rows)), clusters)
            drawn = rng.choice(len(index), count, replace=False)
            sample = LabelledRows(labels[index][drawn], scores[index][drawn], prompts[drawn], np.ones(count))
            tally.add(corrected_mean(sample, JudgedRows(scores[index], prompts)), known["judge_interval"])
        print(f"{name}, {judge}, {count}", file=sys.stderr)
        figures.append(known | {"labelled": count, "run": "prompts" if anew else "file"} | tally.figures())
    return figures


def drawn_anew(rng: np.random.Generator, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of as many clusters drawn with replacement, and their clusters: two draws of one are two of them."""
    order = np.argsort(clusters, kind="stable")
    ends = np.cumsum(np.bincount(clusters))
    members = np.split(order, ends[:-1])
    drawn = [members[i] for i in rng.integers(0, len(members), len(members))]
    return np.concatenate(drawn), np.repeat(np.arange(len(drawn)), [len(rows) for rows in drawn])


def simulated_table(figures: list[dict[str, Any]]) -> str:
    """By kind of label and judge: coverage in each draw, the judge's alone, and mean width."""
    draws = [f"{count} {'in prompts' if whole else 'rows'}" for count, whole in DRAWS]
    headings = ["labels, judge", *draws, "labels alone", "judge alone", "width"]
    lines = []
    for kind, judge in product(LABEL_KINDS, JUDGES):
        own = [one for one in figures if (one["labels_kind"], one["judge"]) == (kind, judge)]
        means = [float(np.mean([one[key] for one in own])) for key in ("labels_coverage", "judge_coverage")]
        width = float(np.mean([one["width"] / one["labels_width"] for one in own]))
        cells = [*(one["coverage"] for one in own), *means]
        lines.append([f"{kind}, {judge}", *(f"{cell:.3f}" for cell in cells), f"{width:.2f}"])
    total = [np.mean([one["coverage"] for one in figures[i :: len(DRAWS)]]) for i in range(len(DRAWS))]
    total += [np.mean([one[key] for one in figures]) for key in ("labels_coverage", "judge_coverage")]
    width = np.mean([one["width"] / one["labels_width"] for one in figures])
    lines.append(["mean", *(f"{cell:.3f}" for cell in total), f"{width:.2f}"])
    return markdown_table(headings, lines)


def real_table(figures: list[dict[str, Any]]) -> str:
    """One line for each file, judge and number of labels."""
    headings = [
        "file, judge",
        "rows",
        "labels",
        "run",
        "truth",
        "judge alone",
        "coverage",
        "labels alone",
        "width",
        "gain",
    ]
    lines = []
    for one in figures:
        low, high = one["judge_interval"]
        lines.append(
            [
                f"{one['file']}, {one['judge']}",
                f"{one['rows']:,}",
                one["labelled"],
                one["run"],
                f"{one['truth']:.3f}",
                f"{one['judge_mean']:.3f} [{low:.3f}, {high:.3f}]",
                f"{one['coverage']:.3f}",
                f"{one['labels_coverage']:.3f}",
                f"{one['width']:.4f} / {one['labels_width']:.4f} = {one['width'] / one['labels_width']:.2f}",
                f"{one['gain']:.1f}",
            ]
        )
    return markdown_table(headings, lines)


if __name__ == "__main__":
    main()
