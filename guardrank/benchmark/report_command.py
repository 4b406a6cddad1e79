"""``guardrank-bench report``: the leaderboard of one run or several.

RUN... ──> ReportRequest ──report_runs──> OUT/leaderboard.html, .json, .csv; the table
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from guardrank.benchmark.options import AbstainedOption, CompatOption, JudgeOption, LabelsOption
from guardrank.console import DebugOption, DeviceOption

REPORT_HELP = """The leaderboard of one run or several: ASD and PAR with intervals, places, attacks, the page.

\b
  guardrank-bench report runs/llava runs/gpt-4o -o report/
  guardrank-bench report runs/ --judge judges/toxicity --judge guardrank-mini -o report/
  guardrank-bench report runs/llava --labels labelled.jsonl -o report/

Several judges: each judges the dimensions that those before it lack. What a judge has said of a run is kept there.
Places are ranges where the differences are not decided: paired bootstrap over images, Holm-corrected.
With --labels (annotated records, joined by id; with a model where several runs are reported) ASD and PAR are also
given corrected for the judge's error, as by guardrank-agree correct.
"""


def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or folders that hold some.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the leaderboard.")] = Path("report"),
    judge: JudgeOption = None,
    labels: LabelsOption = None,
    include_abstained: AbstainedOption = False,
    compat: CompatOption = None,
    device: DeviceOption = None,
    base_url: Annotated[
        str | None, typer.Option(help="Endpoint of an openai: judge; OpenAI's unless given.")
    ] = None,
    max_cost: Annotated[float | None, typer.Option(min=0, help="Dollars that an openai: judge may cost.")] = None,
    debug: DebugOption = False,  # noqa: ARG001 (read elsewhere)
) -> None:
    """The options of ``guardrank-bench report``."""
    from guardrank.benchmark.reporting import ReportRequest, report_runs
    from guardrank.llm_judge.options import ChatOptions

    report_runs(
        ReportRequest(
            runs=tuple(runs),
            output=output,
            judges=tuple(judge or ()),
            labels=labels,
            include_abstained=include_abstained,
            compat=compat,
            device=device,
            chat=ChatOptions(base_url=base_url, max_cost=max_cost),
            command=shlex.join(["guardrank-bench", *sys.argv[1:]]),
        )
    )
