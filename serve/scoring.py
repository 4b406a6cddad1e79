"""The scoring pipeline: records -> panel of judges -> verdict lines and a tally."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import tee
from pathlib import Path
from typing import BinaryIO, Literal

import orjson
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from guardrank.annotations import cluster_of, read_records
from guardrank.console import messages, say, warn
from guardrank.dimensions import Dimension
from guardrank.errors import GuardRankError, UsageError
from guardrank.judge import HeadJudge, Panel, load_judge
from guardrank.judge.manifest import MANIFEST_FILE
from guardrank.metrics import Tally
from guardrank.records import SCORED_IN_PAIR, Record, RejectLog, Verdict, dump_line, verdict_line
from guardrank.serve.score_table import print_label_counts, print_tables

JUDGES_FOLDER = Path("judges")
"""Where ``guardrank-train`` puts judges, and where they are looked for when none is named."""


@dataclass(frozen=True)
class ScoringRequest:
    """What the user asked for; ``output`` is a file or ``-``."""

    inputs: tuple[str, ...]
    output: str
    judges: tuple[str, ...] = ()
    dimension: Dimension | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    tasks: Path | None = None
    base: str | None = None
    device: str | None = None
    with_text: bool = False
    include_abstained: bool = False
    compat: Literal["mllmguard"] | None = None
    strict: bool = False


def score_responses(request: ScoringRequest) -> None:
    """Score, write the verdicts, print the tables.

    Raises:
        UsageError: no judge to be found, or an input that cannot be read.
        GuardRankError: with ``strict``, where a row was rejected or failed.
    """
    to_stdout = request.output == "-"
    rejects = RejectLog(Path.cwd() if to_stdout else Path(request.output).parent)
    _check_output(request)
    records = read_records(
        request.inputs, dim=request.dimension, mapping=request.mapping, tasks=request.tasks, rejects=rejects
    )
    heads = open_judges(request.judges, device=request.device, base=request.base)
    board = Board(request, any(judge.manifest.own_labels for judge in heads))
    with _open_output(request.output) as stream:
        for record, verdict in _with_progress(judged(Panel(heads), records)):
            stream.write(dump_line(verdict_line(record, verdict, with_text=request.with_text)))
            board.add(record, verdict)
    board.show(messages() if to_stdout else Console(), rejects.count)
    _close(request, rejects, board)


class Board:
    """What is shown of the verdicts at the end: ASD and PAR, or label counts for another label set."""

    def __init__(self, request: ScoringRequest, own_labels: bool) -> None:
        self.tally = Tally(include_abstained=request.include_abstained, compat=request.compat)
        self.labels: Counter[str] = Counter()
        self.own_labels = own_labels
        self.errors: Counter[str] = Counter()
        self.count = 0

    def add(self, record: Record, verdict: Verdict) -> None:
        """Count one verdict."""
        self.count += 1
        if verdict.error not in (None, SCORED_IN_PAIR):
            self.errors[str(verdict.error)] += 1
        if self.own_labels:
            self.labels[str(verdict.score if verdict.error is None else verdict.error)] += 1
        else:
            self.tally.add(record, verdict, cluster_of(record))

    def show(self, console: Console, rejected: int) -> None:
        """Print the tables."""
        if self.own_labels:
            print_label_counts(self.labels, console)
        else:
            print_tables(self.tally, console, rejected)


def _check_output(request: ScoringRequest) -> None:
    """An input must not be written over."""
    target = Path(request.output)
    for name in request.inputs:
        if request.output != "-" and target.exists() and Path(name).exists() and target.samefile(name):
            raise UsageError(f"{request.output} is an input: give another file with -o")


def judged(panel: Panel, records: Iterator[Record]) -> Iterator[tuple[Record, Verdict]]:
    """Each record with its verdict; no more than a window of records is held."""
    mine, theirs = tee(records)
    return zip(mine, panel.score(theirs), strict=True)


def open_judges(names: Sequence[str], *, device: str | None = None, base: str | None = None) -> list[HeadJudge]:
    """The named judges, or those in ./judges; says which they are, and warns of a constant one."""
    judges = []
    for name in names or _judges_here():
        judge = load_judge(name, device=device, base=base)
        say(f"Judge {judge.name} ({', '.join(sorted(judge.dimensions))})")
        _warn_of_doubts(Path(name), judge)
        judges.append(judge)
    return judges


def _judges_here() -> list[str]:
    folders = sorted(str(file.parent) for file in JUDGES_FOLDER.glob(f"*/{MANIFEST_FILE}"))
    if not folders:
        raise UsageError("no judge: name a judge folder with --judge, or train one with guardrank-train")
    return folders


_DOUBTS = {
    "constant": "Judge {} says the same of every response in {}: train it again",
    "chance": "Judge {} could not be told from chance on its dev rows in {}: do not rely on it",
}


def _warn_of_doubts(folder: Path, judge: HeadJudge) -> None:
    file = folder / "metrics.json"
    metrics = orjson.loads(file.read_bytes()) if file.is_file() else {}
    for key, text in _DOUBTS.items():
        if dimensions := metrics.get(key):
            warn(text.format(judge.name, ", ".join(dimensions)))


@contextmanager
def _open_output(target: str) -> Iterator[BinaryIO]:
    if target == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    with Path(target).open("wb") as stream:
        yield stream


def _with_progress(rows: Iterator[tuple[Record, Verdict]]) -> Iterator[tuple[Record, Verdict]]:
    console = messages()
    if not console.is_terminal:
        yield from rows
        return
    columns = (
        SpinnerColumn(),
        TextColumn("scoring"),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None, rate="")
        for row in rows:
            speed = progress.tasks[0].speed or 0.0
            progress.update(task, advance=1, rate=f"{speed:,.0f} rows/s")
            yield row


def _close(request: ScoringRequest, rejects: RejectLog, board: Board) -> None:
    if request.output != "-":
        say(f"{board.count:,} verdicts written to {request.output}")
    if board.errors:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in board.errors.most_common())
        warn(f"Not judged: {reasons}")
    if rejects.left_out:
        say(f"{rejects.left_out:,} rows of other dimensions left out")
    if rejects.count:
        warn(rejects.summary())
    if request.strict and (rejects.count or board.errors.total()):
        raise GuardRankError(
            f"{rejects.count:,} rows rejected and {board.errors.total():,} failed, which --strict does not allow"
        )
    if not board.count:
        raise GuardRankError("no row could be scored: see the reasons above")
