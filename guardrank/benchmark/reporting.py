"""What ``guardrank-bench report`` does: runs -> judged runs -> Board -> terminal and files.

RUN... ──judge_run──> verdicts ──make_board──> Board ──> OUT/leaderboard.json, .csv, .html; the table
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from guardrank.agreement.correct_labels import read_labels
from guardrank.agreement.correct_rows import read_run
from guardrank.agreement.corrected import correct_scores
from guardrank.agreement.corrected_results import CorrectedRow
from guardrank.annotations import read_records
from guardrank.benchmark.images import ImageFolder, ImageLimits
from guardrank.benchmark.judging import JudgeOptions, judge_run, open_panel, verdict_file
from guardrank.benchmark.leaderboard import Board, BoardOptions, JudgedRun, make_board
from guardrank.benchmark.leaderboard.attacks import is_twin
from guardrank.benchmark.leaderboard.files import board_csv
from guardrank.benchmark.leaderboard.page import render_page
from guardrank.benchmark.leaderboard.table import print_board
from guardrank.benchmark.leaderboard.worst import worst_cases
from guardrank.benchmark.runs import RunFolder
from guardrank.benchmark.runs.folder import RECORDS, replace_file
from guardrank.console import say, warn
from guardrank.errors import UsageError
from guardrank.judge import Panel
from guardrank.llm_judge.options import ChatOptions
from guardrank.metrics.rates import check_compat
from guardrank.records import RejectLog

WORST_PER_MODEL = 6


@dataclass(frozen=True)
class ReportRequest:
    """What the user asked for.

    Attributes:
        runs: folders of runs, or folders that hold some.
        output: where the leaderboard's files go.
    """

    runs: tuple[Path, ...]
    output: Path
    judges: tuple[str, ...] = ()
    labels: Path | None = None
    include_abstained: bool = False
    compat: str | None = None
    device: str | None = None
    chat: ChatOptions = field(default_factory=ChatOptions)
    limits: ImageLimits = field(default_factory=ImageLimits)
    command: str = ""

    def check(self) -> None:
        """Raises UsageError where it is plain that there will be no report."""
        try:
            check_compat(self.compat)
        except ValueError as error:
            raise UsageError(f"--compat: {error}") from None
        if self.labels and not self.labels.is_file():
            raise UsageError(f"--labels: there is no file {self.labels}")


def report_runs(request: ReportRequest) -> Board:
    """Judge the runs where that is left to do, write the leaderboard, and print it.

    Raises:
        UsageError: there is no run, or the labels cannot be used.
        JudgeError: there is no such judge.
    """
    request.check()
    folders = find_runs(request.runs)
    panel = open_panel(JudgeOptions(request.judges, request.device, request.chat))
    runs = [_judged(run, label, panel, request) for run, label in zip(folders, _labels(folders), strict=True)]
    options = BoardOptions(
        judge=panel.name,
        include_abstained=request.include_abstained,
        compat=request.compat,
        labels=request.labels.name if request.labels else None,
        command=request.command,
    )
    board = make_board(runs, options)
    _write(request, board, runs)
    print_board(board, Console())
    say(f"Page: {request.output / 'leaderboard.html'}; all figures: leaderboard.json, leaderboard.csv beside it")
    return board


def find_runs(paths: Sequence[Path]) -> list[RunFolder]:
    """The runs that ``paths`` are or hold; raises UsageError where there is none."""
    found: list[RunFolder] = []
    for path in paths:
        own = [RunFolder(path)] if RunFolder(path).is_run else [RunFolder(each) for each in sorted(path.glob("*"))]
        runs = [run for run in own if run.is_run]
        if not runs:
            raise UsageError(f"{path} is no run and holds none: guardrank-bench run or import makes one")
        found += runs
    return found


def _labels(folders: Sequence[RunFolder]) -> list[str]:
    """The models' names; where two runs are of one model, the runs' names beside."""
    names = [run.manifest().model for run in folders]
    times = Counter(names)
    labels = [
        name if times[name] == 1 else f"{name} ({run.path.resolve().name})"
        for name, run in zip(names, folders, strict=True)
    ]
    if len(set(labels)) < len(labels):
        raise UsageError("two runs have the same model and the same folder name: rename one, or give --name")
    return labels


def _judged(run: RunFolder, label: str, panel: Panel, request: ReportRequest) -> JudgedRun:
    judged = judge_run(run, panel)
    twins = {one.case.id for one in judged if is_twin(one)}
    return JudgedRun(
        name=run.path.resolve().name,
        label=label,
        manifest=run.manifest(),
        judged=judged,
        corrected=_corrected(run, panel, request, twins) if request.labels else (),
    )


def _corrected(run: RunFolder, panel: Panel, request: ReportRequest, twins: set[str]) -> list[CorrectedRow]:
    """ASD and PAR with people's labels of this run's responses, of the same cases that the leaderboard's are of.

    There are none where there are no such labels.
    """
    rejects = RejectLog(None)
    scores = read_run(verdict_file(run, panel), None, rejects, without=twins)
    scores.name_prompts(read_records([str(run.path / RECORDS)], rejects=rejects))
    model = run.manifest().model
    labelled = read_records([str(request.labels)], rejects=rejects)
    own = [record for record in labelled if record.model in (None, model) and record.id not in twins]
    if rejects.count:
        warn(f"{request.labels}: {rejects.summary()}")
    try:
        sample = read_labels(own, scores)
    except UsageError as error:
        warn(f"{model} is not corrected: {error}")
        return []
    return correct_scores(scores, sample, "dimension", leave_out_abstained=not request.include_abstained)


def _write(request: ReportRequest, board: Board, runs: Sequence[JudgedRun]) -> None:
    request.output.mkdir(parents=True, exist_ok=True)
    images = {
        run.label: ImageFolder(Path(run.manifest.images), request.limits, run.manifest.allow_urls)
        for run in runs
        if run.manifest.images
    }
    worst = worst_cases(runs, images, WORST_PER_MODEL)
    files = {
        "leaderboard.json": f"{board.model_dump_json(indent=1)}\n",
        "leaderboard.csv": board_csv(board),
        "leaderboard.html": render_page(board, worst),
    }
    for name, text in files.items():
        replace_file(request.output / name, text.encode("utf-8"))
