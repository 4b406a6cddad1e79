"""guardrank-score --engine ray on one machine: the same file as the plain engine's, and how fast.

    rows ──guardrank-score──────────────────────────────────> verdicts, rows/s
    rows ──guardrank-score --engine ray --workers 2─────────> the same bytes?, rows/s
    rows ──the same, a worker killed at half of the rows────> the same bytes?

    python tests/benchmarks/scale_out.py --rows 200000 --json docs/results/scale-out.json

The rows are real ones that are short, each as often as it takes, with ids of their own.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from measurement import SHARED_DATA, markdown_table, new_parser, report

from guardrank.annotations import read_records
from guardrank.records import dump_line

SOURCES = ("diasafety", "cold_test_zh", "gptfuzz", "truthfulqa_judge")
CHARACTERS = 200
WORKERS = 2
RAY = ("--engine", "ray", "--workers", str(WORKERS))


@dataclass
class Run:
    """One scoring of all rows.

    Attributes:
        sha256: of the verdict file.
        killed: workers that were killed while it ran.
    """

    name: str
    seconds: float
    verdicts: int
    sha256: str
    killed: int = 0


def main() -> None:
    """Score three times and compare."""
    parser = new_parser(__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        inputs = Path(folder) / "rows.jsonl"
        with inputs.open("wb") as stream:
            stream.writelines(dump_line(row) for row in islice(rows(), args.rows))
        runs = [
            score(inputs, "plain", ()),
            score(inputs, f"Ray, {WORKERS} workers", RAY),
            score(inputs, f"Ray, {WORKERS} workers, one killed", RAY, kill_at=args.rows // 2),
        ]
    report(in_markdown(runs, args.rows), figures(runs, args.rows), args.json)


def rows() -> Iterator[dict[str, Any]]:
    """Short rows, again and again, without end."""
    texts = [
        record.model_dump(mode="json", include={"prompt", "response", "dimension", "lang"})
        for name in SOURCES
        for record in read_records(str(SHARED_DATA / f"{name}.jsonl.gz"))
        if len(record.prompt or "") + len(record.response) <= CHARACTERS
    ]
    for number, row in enumerate(cycle(texts)):
        yield {"id": f"row-{number}", **row}


def score(inputs: Path, name: str, options: tuple[str, ...], kill_at: int | None = None) -> Run:
    """Run guardrank-score; with ``kill_at`` a worker of Ray is killed once so many verdicts are written."""
    output = inputs.with_name("rows.verdicts.jsonl")
    output.unlink(missing_ok=True)
    judge = ("--judge", "guardrank-mini", "-o", str(output))
    command = [sys.executable, "-m", "guardrank.serve.score", str(inputs), *judge, *options]
    started, killed = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        time.sleep(0.5)
        if kill_at is not None and not killed and _lines(output) >= kill_at:
            killed = _kill_a_worker(process.pid)
    if process.returncode:
        raise SystemExit(f"{name}: exit {process.returncode}")
    content = output.read_bytes()
    seconds = time.perf_counter() - started
    return Run(name, round(seconds, 1), content.count(b"\n"), sha256(content).hexdigest(), killed)


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _kill_a_worker(pid: int) -> int:
    below = psutil.Process(pid).children(recursive=True)
    scorers = [one for one in below if "Scorer" in one.name() + "".join(one.cmdline())]
    for one in scorers[:1]:
        one.kill()
    return len(scorers[:1])


def figures(runs: list[Run], asked: int) -> dict[str, Any]:
    """What is written to ``--json``."""
    return {
        "rows": asked,
        "workers": WORKERS,
        "runs": [vars(run) | {"rows_per_second": round(run.verdicts / run.seconds, 1)} for run in runs],
        "same_file": len({run.sha256 for run in runs}) == 1,
    }


def in_markdown(runs: list[Run], asked: int) -> str:
    """The table of docs/serving.md."""
    table = markdown_table(
        ["run", "seconds", "rows/s", "of plain", "killed", "verdicts", "same bytes as plain"],
        [
            [
                run.name,
                f"{run.seconds:,}",
                f"{run.verdicts / run.seconds:,.0f}",
                f"{runs[0].seconds / run.seconds:.2f}",
                str(run.killed),
                f"{run.verdicts:,}",
                "yes" if run.sha256 == runs[0].sha256 else "NO",
            ]
            for run in runs
        ],
    )
    return f"{table}\n\n{asked:,} rows of at most {CHARACTERS} characters; times with the start of Python and Ray."


if __name__ == "__main__":
    main()
