"""What the judge that ships reaches, and its card.

    python tests/benchmarks/mini_results.py --judge data/judges/guardrank-mini --json docs/results/mini.json \\
        --markdown mini.md --into data/judges/guardrank-mini

    mini_plan      what is measured, and what it is to reach
    mini_rows      rows ──judge (the export, no torch)──> Judged
    mini_figures, mini_slices, mini_abstention, mini_bars, mini_examples ──> ShippedFigures
    mini_tables    the terminal, docs/results.md; --into: the `test` block of metrics.json, and the card from it

Test rows of the sources that the judge was trained on; the other files whole, without the rows whose prompt stands
among training rows; dev rows only for "bars elsewhere". Nothing is tuned here. --limit tries the script out: the
figures of a part of the rows are marked as such.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from measurement import SHARED_DATA, environment, new_parser, report
from mini_abstention import abstention
from mini_bars import bars_elsewhere
from mini_examples import examples
from mini_figures import measure, pooled
from mini_rows import Judged, SourceRows, join, judge_rows, read_sources
from mini_slices import slices
from mini_tables import in_markdown, print_figures

from guardrank.agreement.sample import Bootstrap
from guardrank.errors import GuardRankError, UsageError
from guardrank.judge import HeadJudge, load_judge
from guardrank.judge.variants import TORCH
from guardrank.train.shipped_card import write_figures
from guardrank.train.shipped_figures import Measurement, ShippedFigures, Speed

KEPT_FACTS = ("date", "commit", "processor", "cores", "load_average_at_end", "platform", "python", "versions")
LOADS = 5


def main() -> None:
    """Measure, print, write."""
    args = parse_arguments()
    judge, load_ms = open_judge(args.judge)
    rows = read_sources(args.shared, trained_on(judge), args.limit)
    figures = measure_all(judge, rows, load_ms, args)
    print_figures(figures)
    report(f"Judge {judge.name}, {judge.variant}", figures.model_dump(mode="json"), args.json)
    if args.markdown:
        args.markdown.write_text(in_markdown(figures), encoding="utf-8")
    if args.into:
        write_figures(args.into, figures)
        print(f"Figures and card written into {args.into}", file=sys.stderr)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = new_parser(__doc__)
    parser.add_argument("--judge", type=Path, required=True, metavar="FOLDER", help="an exported judge")
    parser.add_argument("--shared", type=Path, default=SHARED_DATA, metavar="FOLDER", help="the annotated files")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many rows a file, to try it out")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables for docs/results.md here")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="write figures and card into this judge folder")
    parser.add_argument("--resamples", type=int, default=2000, help="bootstrap resamples (default: 2000)")
    return parser.parse_args()


def open_judge(folder: Path) -> tuple[HeadJudge, float]:
    """The judge as it ships, and how many milliseconds it takes to load; raises UsageError without an export."""
    seconds = []
    for _ in range(LOADS):
        started = time.perf_counter()
        judge = load_judge(folder, device="cpu")
        seconds.append(time.perf_counter() - started)
    if judge.variant == TORCH or judge.manifest.own_labels:
        raise UsageError(f"{folder} is no judge that could ship: it needs our scales, and guardrank-export first")
    return judge, 1000 * median(seconds)


def trained_on(judge: HeadJudge) -> set[str]:
    """The sources that the judge was trained on; rows made from a source's, ``evouna (harmless)``, are its own."""
    return {name.partition(" (")[0] for name in judge.manifest.training.get("sources", {})}


def measure_all(
    judge: HeadJudge, sources: list[SourceRows], load_ms: float, args: argparse.Namespace
) -> ShippedFigures:
    """Every figure of the judge."""
    bootstrap, trained = Bootstrap(args.resamples), trained_on(judge)
    judged = {rows.source.name: judged_rows(judge, rows) for rows in sources}
    known, new = ([judged[name] for name in judged if (name in trained) is flag] for flag in (True, False))
    pool = join(known)
    outputs = judge.manifest.outputs
    return ShippedFigures(
        judge=judge.name,
        hash=judge.content_hash,
        variant=judge.variant,
        limit=args.limit,
        measurements=(*measure_files(judged, sources, trained, bootstrap), *pooled(pool, bootstrap)),
        slices=tuple(slices(judged, bootstrap)),
        abstention=tuple(
            abstention(group, rows, outputs, bootstrap)
            for group, rows in (("trained", pool), ("unseen", join(new)))
        ),
        bars=tuple(measure_bars(judge, sources, trained, bootstrap)),
        speed=speed(list(judged.values()), load_ms, args.judge),
        examples=tuple(examples(judge)),
        environment=facts(),
    )


def judged_rows(judge: HeadJudge, rows: SourceRows) -> Judged:
    """The measured rows of a source."""
    print(f"{rows.source.name}: {len(rows.measured):,} rows", file=sys.stderr)
    return judge_rows(judge, rows.measured)


def measure_files(
    judged: dict[str, Judged], sources: list[SourceRows], trained: set[str], bootstrap: Bootstrap
) -> list[Measurement]:
    """One measurement a file: first the trained sources."""
    found = []
    for rows in sources:
        source = rows.source
        group = "trained" if source.name in trained else "unseen"
        one = measure(source, group, judged[source.name], source.aim_for(trained), bootstrap)
        found.append(one.model_copy(update={"left_out": rows.left_out}))
    return sorted(found, key=lambda one: one.group)


def measure_bars(judge: HeadJudge, sources: list[SourceRows], trained: set[str], bootstrap: Bootstrap) -> Any:
    """Whether the bars hold on a source that they were not fitted on."""
    dev = {rows.source.name: judge_rows(judge, rows.dev) for rows in sources if rows.source.name in trained}
    alike = judge.manifest.training.get("recipe", {}).get("bars") == "sources"
    return bars_elsewhere(dev, bootstrap, sources_alike=alike)


def speed(judged: list[Judged], load_ms: float, folder: Path) -> Speed:
    """How fast all rows were scored, and what the folder holds."""
    rows, seconds = sum(len(part.records) for part in judged), sum(part.seconds for part in judged)
    return Speed(
        rows=rows,
        rows_per_second=round(rows / seconds, 1) if seconds else 0.0,
        load_ms=round(load_ms, 1),
        folder_bytes=sum(file.stat().st_size for file in folder.iterdir() if file.is_file()),
    )


def facts() -> dict[str, Any]:
    """Where and when, and that torch was not there."""
    where = environment()
    return {name: where[name] for name in KEPT_FACTS} | {"torch_loaded": "torch" in sys.modules}


if __name__ == "__main__":
    try:
        main()
    except GuardRankError as error:
        sys.exit(f"Error: {error}")
