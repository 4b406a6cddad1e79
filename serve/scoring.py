"""The scoring pipeline, a window of records at a time whatever the inputs hold.

    read_records -> Panel of judges -> VerdictFile (the lines)
                                    -> Board (the tables)

A resumed run first reads the kept lines again with their records, and then goes on as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from guardrank.annotations import read_records
from guardrank.console import messages, say
from guardrank.judge import Judge, Panel
from guardrank.judge.protocol import WINDOW, windows
from guardrank.progress import Progress
from guardrank.records import Record, RejectLog
from guardrank.serve.board import Board
from guardrank.serve.inputs import survey
from guardrank.serve.judges import open_judges
from guardrank.serve.request import ScoringRequest
from guardrank.serve.resume import Judged
from guardrank.serve.run_file import describe_run
from guardrank.serve.verdict_file import VerdictFile, open_verdicts


def score_responses(request: ScoringRequest, *, window: int = WINDOW) -> None:
    """Score, write the verdicts, print the tables.

    Args:
        window: rows that are judged and written together, and what a kill costs at most.

    Raises:
        UsageError: no judge to be found, an input that cannot be read, or one that would be written over.
        CannotResumeError: with ``resume``, what is there is not this run's.
        GuardRankError: no row could be scored; or, with ``strict``, one was rejected or failed.
    """
    rejects = RejectLog(request.rejects_folder)
    records = read_records(
        request.inputs, dim=request.dimension, mapping=request.mapping, tasks=request.tasks, rejects=rejects
    )
    request.check()
    judges = open_judges(request)
    seen = None if request.once_only else survey(request.inputs)
    run = seen and describe_run(request, [judge.name for judge in judges], seen.files)
    board = Board(request, rejects, own_labels=any(judge.manifest.own_labels for judge in judges))
    with open_verdicts(request, run, window) as file, Progress(seen and seen.rows) as progress:
        _say_what_is_there(file)
        for kept in windows(file.read_again(records), window):
            board.add(kept)
            progress.passed_over(board.dealt_with)
        for new in judged(Panel(judges), records, window):
            file.append(new)
            board.add(new)
            progress.reached(board.dealt_with)
        file.end()
    board.show(messages() if request.to_stdout else Console())
    if not (request.to_stdout or file.kept.is_whole):
        say(f"{board.count:,} verdicts written to {request.output}")
    board.conclude(strict=request.strict)


def judged(judge: Judge, records: Iterator[Record], window: int = WINDOW) -> Iterator[list[Judged]]:
    """The records with their verdicts, a window at a time."""
    for rows in windows(records, window):
        yield list(zip(rows, judge.score(rows), strict=True))


def _say_what_is_there(file: VerdictFile) -> None:
    if file.kept.is_whole:
        say(f"{file.path} is whole: nothing is left to do")
    elif file.kept.rows:
        say(f"Going on after the {file.kept.rows:,} verdicts in {file.path}")
