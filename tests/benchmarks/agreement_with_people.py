"""How well judges agree with people on the rows of a split, and how fast they score.

    python tests/benchmarks/agreement_with_people.py ../shared/data/{diasafety,halueval_general}.jsonl.gz \\
        --judge judges/values --judge judges/truthfulness --ngram --by dimension --json agreement.json

The question is yes or no: is the score above 0, where the label says above 0 ([1, 3] is, [0, 1] says neither
and is left out, counted as open). Where every label is an exact score on 0-3 there is the quadratic-weighted
kappa as well. Each judge is a rater of its own; the same rows are asked of all. A row that a judge failed on
(a dimension that it lacks) is left out and counted; an abstained row keeps its score.

Intervals are 95 %, percentiles of a bootstrap over clusters (the prompt, or what data/sources.yaml names).
A figure from fewer than 30 clusters or 20 positives is marked undecided. --ngram puts the floor beside it: a
linear model on n-grams, trained on the same file's train and dev rows; "kappa above floor" is the paired
difference from it on the same rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from measurement import markdown_table, new_parser, report
from people_labels import DataFile, is_positive, read_data
from raters import Rater, load, rate, rate_with_floor

from guardrank.agreement.agreement_figures import agreement
from guardrank.agreement.comparison import compare
from guardrank.agreement.sample import Bootstrap, Sample, cluster_codes
from guardrank.annotations import cluster_of
from guardrank.dimensions import DIMENSIONS
from guardrank.errors import GuardRankError
from guardrank.judge import HeadJudge
from guardrank.metrics import Estimate
from guardrank.records import Record


def main() -> None:
    """Measure every file with every judge and print one table."""
    args = parse_arguments()
    judges = [load(folder, args.device) for folder in args.judge]
    bootstrap = Bootstrap(args.resamples, args.seed)
    figures = []
    for path in args.data:
        data = read_data(path, args.split)
        figures += list(measure_file(data, judges, args.by, args.ngram, bootstrap))
    report(table_of(figures), figures, args.json)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = new_parser(__doc__)
    parser.add_argument("data", nargs="+", metavar="DATA", help="annotated responses, such as NAME.jsonl.gz")
    parser.add_argument("--judge", action="append", default=[], metavar="FOLDER", help="may be repeated")
    parser.add_argument("--split", default="test", choices=("test", "dev"), help="which rows (default: test)")
    parser.add_argument("--ngram", action="store_true", help="measure the n-gram floor, too")
    parser.add_argument("--by", metavar="FIELD", help="also group by a field: dimension, lang, model, meta.x")
    parser.add_argument("--device", help="where the judges run (default: the accelerator that is there)")
    parser.add_argument("--resamples", type=int, default=2000, help="bootstrap resamples (default: 2000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap (default: 0)")
    args = parser.parse_args()
    if not (args.judge or args.ngram):
        parser.error("nothing to measure: give --judge FOLDER or --ngram")
    if args.ngram and args.split != "test":
        parser.error("--ngram learns from the dev rows: it can only be measured on --split test")
    return args


def measure_file(
    data: DataFile, judges: Sequence[HeadJudge], by: str | None, ngram: bool, bootstrap: Bootstrap
) -> Iterator[dict[str, Any]]:
    """One row of figures for each rater and group of the file."""
    floor = rate_with_floor(data) if ngram else None
    raters = [rate(judge, data.measured) for judge in judges] + ([floor] if floor else [])
    for group, rows in groups_of(data.measured, by):
        for rater in raters:
            rival = floor if rater is not floor else None
            print(f"{data.name}, {group}: {rater.name}", file=sys.stderr)
            figures = figures_of(rater, rival, [(i, data.measured[i]) for i in rows], bootstrap)
            yield {"file": data.name, "group": group, "rater": rater.name, "note": rater.note} | figures


def groups_of(rows: Sequence[Record], by: str | None) -> Iterator[tuple[str, list[int]]]:
    """``all`` and, by the values of the field ``by``, the indices of its rows."""
    yield "all", list(range(len(rows)))
    if by:
        values = [str(row.get_path(by)) for row in rows]
        for value in sorted(set(values)):
            yield value, [i for i, own in enumerate(values) if own == value]


def figures_of(
    rater: Rater, rival: Rater | None, rows: Sequence[tuple[int, Record]], bootstrap: Bootstrap
) -> dict[str, Any]:
    """Figures of a rater on some rows, each with its index in the file."""
    scored = [(i, row) for i, row in rows if rater.scores[i] is not None]
    used = [(i, row) for i, row in scored if is_positive(row) is not None]
    figures: dict[str, Any] = {
        "failed": len(rows) - len(scored),
        "abstained": sum(rater.abstained[i] for i, _ in rows),
        "open_labels": len(scored) - len(used),
        "rows_per_second": round(sum(score is not None for score in rater.scores) / rater.seconds, 1),
        **rater.facts,
    }
    if not used:
        return figures | {"n": 0}
    sample = binary_sample(rater, used)
    figures |= binary_figures(sample, bootstrap)
    if rival:
        above = compare(rater.name, sample, rival.name, binary_sample(rival, used), bootstrap, "kappa")
        figures["kappa_above_floor"] = interval_of(above.difference)
    if rater.graded and has_exact_degrees(used):
        graded = agreement(rater.name, graded_sample(rater, used), bootstrap)
        figures["weighted_kappa"] = interval_of(graded.weighted_kappa)
    return figures


def binary_figures(sample: Sample, bootstrap: Bootstrap) -> dict[str, Any]:
    """All figures of a yes-or-no question."""
    found = agreement("", sample, bootstrap)
    counts = {"n": found.n, "clusters": found.clusters, "positives": found.positives}
    names = ("accuracy", "majority", "kappa", "macro_f1")
    return {
        **counts,
        "undecided": found.undecided is not None,
        **{name: interval_of(getattr(found, name)) for name in names},
    }


def interval_of(estimate: Estimate) -> dict[str, float | None]:
    """An estimate as the JSON file has it."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def binary_sample(rater: Rater, rows: Sequence[tuple[int, Record]]) -> Sample:
    """Whether label and score are above 0."""
    return Sample(
        np.array([int(bool(is_positive(row))) for _, row in rows], np.int64),
        np.array([int((rater.scores[i] or 0) > 0) for i, _ in rows], np.int64),
        cluster_codes([cluster_of(row) for _, row in rows]),
        classes=2,
    )


def has_exact_degrees(rows: Sequence[tuple[int, Record]]) -> bool:
    """Whether all labels are exact scores on 0-3."""
    return all(isinstance(row.human, int) and DIMENSIONS[row.dimension].top_score == 3 for _, row in rows)


def graded_sample(rater: Rater, rows: Sequence[tuple[int, Record]]) -> Sample:
    """Labels and scores on 0-3."""
    return Sample(
        np.array([row.human for _, row in rows], np.int64),
        np.array([rater.scores[i] for i, _ in rows], np.int64),
        cluster_codes([cluster_of(row) for _, row in rows]),
        classes=4,
    )


_INTERVALS = {
    "accuracy": "accuracy",
    "majority": "majority class",
    "kappa": "kappa",
    "macro_f1": "macro-F1",
    "weighted_kappa": "weighted kappa",
    "kappa_above_floor": "kappa above floor",
}
_COUNTS = {"failed": "failed", "abstained": "abstained", "open_labels": "open", "rows_per_second": "rows/s"}


def table_of(figures: Sequence[dict[str, Any]]) -> str:
    """The Markdown table; columns that no row fills are left out."""
    shown = {key: name for key, name in _INTERVALS.items() if any(key in row for row in figures)}
    first = ["file", "rows", "rater", "n", "clusters", "positives"]
    headings = [*first, *shown.values(), *_COUNTS.values(), "note"]
    return markdown_table(headings, [_table_row(row, list(shown)) for row in figures])


def _table_row(row: dict[str, Any], intervals: Sequence[str]) -> list[object]:
    notes = ["undecided"] * bool(row.get("undecided")) + [row["note"]] * bool(row["note"])
    first = [row.get(key, "") for key in ("file", "group", "rater", "n", "clusters", "positives")]
    shown = [_shown(row.get(key)) for key in intervals]
    return [*first, *shown, *(row[key] for key in _COUNTS), "; ".join(notes)]


def _shown(figure: dict[str, float | None] | None) -> str:
    if figure is None:
        return ""
    if figure["value"] is None:
        return "undefined"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


if __name__ == "__main__":
    try:
        main()
    except GuardRankError as error:
        sys.exit(f"Error: {error}")
