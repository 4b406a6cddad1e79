"""guardrank-bench from two checkpoints to one page, as README shows it; and what of the time is the judge's.

    tiny LLaVA, tiny Qwen2-VL (random weights, made here) ──run──> runs/ ──report──> the page ──chromium──> PNG

    python tests/benchmarks/bench_run.py -o /tmp/bench --picture docs/images/leaderboard.png \\
        --json docs/results/bench.json

Random weights babble: the figures show the road, nothing of any model. The two are told apart by chance at most.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from measurement import ROOT, markdown_table, new_parser, report

sys.path.insert(0, str(ROOT / "tests" / "support"))
from tests_support.vision_checkpoints import VISION_BUILDERS

TASKS = ROOT / "data" / "samples" / "tasks"
WINDOW = "1200,2450"


def main() -> None:
    """Run, report, take the picture, print the seconds."""
    parser = new_parser(__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for checkpoints, runs and report")
    parser.add_argument("--device", default="cpu", help="cpu, cuda (default: cpu)")
    parser.add_argument("--picture", type=Path, help="PNG of the page, taken by chromium")
    args = parser.parse_args()
    figures = [measure(family, args.output, args.device) for family in VISION_BUILDERS]
    runs = [str(args.output / "runs" / one["model"]) for one in figures]
    bench("report", *runs, "-o", str(args.output / "report"))
    if args.picture:
        take_picture(args.output / "report" / "leaderboard.html", args.picture)
    rows = [
        [one["model"], f"{one['cases']}", f"{one['asking_s']:.1f}", f"{one['judging_s']:.1f}"] for one in figures
    ]
    report(markdown_table(["model", "cases", "asking, s", "judging and report, s"], rows), figures, args.json)


def measure(family: str, output: Path, device: str) -> dict[str, Any]:
    """Seconds of a run of one model, and of judging it."""
    checkpoint, run = output / "models" / family, output / "runs" / family
    VISION_BUILDERS[family](checkpoint)
    shutil.rmtree(run, ignore_errors=True)
    asked = (
        "--model",
        f"hf:{checkpoint}",
        "--tasks",
        str(TASKS),
        "--attack",
        "jpeg=0.95",
        "--max-new-tokens",
        "32",
    )
    asking = bench("run", *asked, "--batch-size", "8", "-o", str(run), "--no-judge", "--device", device)
    judging = bench("report", str(run), "-o", str(run))
    (model,) = json.loads((run / "leaderboard.json").read_bytes())["models"]
    return {"model": family, "cases": model["cases"], "asking_s": asking, "judging_s": judging}


def bench(*arguments: str) -> float:
    """Run guardrank-bench; its seconds, start of the process included."""
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "guardrank.benchmark.cli", *arguments], check=True, cwd=ROOT)
    return time.monotonic() - started


def take_picture(page: Path, picture: Path) -> None:
    """The upper part of the page as a reader with a large screen sees it."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={WINDOW}")
    command = ["chromium", *options, f"--screenshot={picture.resolve()}", page.resolve().as_uri()]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
