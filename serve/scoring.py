"""The scoring pipeline, a window of records at a time whatever the inputs hold.

    read_records -> Panel of judges -> VerdictFile (the lines)
                                    -> AbstainedList (the rows for others) -> escalate: a chat model's verdicts
                                    -> Board (the tables)

A resumed run first reads the kept lines again with their records, and then goes on as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console

from guardrank.annotations import read_records
from guardrank.console import messages, say
from guardrank.judge import HeadJudge, Judge, Panel
from guardrank.judge.protocol import WINDOW, windows
from guardrank.progress import Progress
from guardrank.records import Record, RejectLog
from guardrank.serve.abstained import ListedRows, list_abstained
from guardrank.serve.board import Board
from guardrank.serve.escalation import escalate, open_chat_judge
from guardrank.serve.inputs import survey
from guardrank.serve.judges import open_judges
from guardrank.serve.promise import keep_promise
from guardrank.serve.request import ScoringRequest
from guardrank.serve.resume import Judged
from guardrank.serve.run_file import describe_run
from guardrank.serve.scaling import check_ray, judged_on_ray
from guardrank.serve.verdict_file import VerdictFile, open_verdicts


def score_responses(request: ScoringRequest, *, window: int = WINDOW) -> None:
    """Score, write the verdicts, print the tables.

    Args:
        window: rows that are judged and written together, and what a kill costs at most.

    Raises:
        UsageError: no judge to be found, an input that cannot be read, or one that would be written over; an error
            rate that no judge can promise; a chat model that cannot be asked.
        CannotResumeError: with ``resume``, what is there is not this run's.
        GuardRankError: no row could be scored; escalating would cost too much, or the server answers nothing; or,
            with ``strict``, a row was rejected or failed.
    """
    rejects = RejectLog(request.rejects_folder)
    records = read_records(
        request.inputs, dim=request.dimension, mapping=request.mapping, tasks=request.tasks, rejects=rejects
    )
    request.check()
    judges = open_judges(request)
    if request.engine == "ray":
        check_ray(judges)
    if request.abstain_at is not None:
        judges = keep_promise(judges, request.abstain_at, request.dimension)
    chat = open_chat_judge(request, judges)
    seen = None if request.once_only else survey(request.inputs)
    names, successor = [judge.name for judge in judges], chat.name if chat else None
    run = seen and describe_run(request, names, seen.files, successor)
    board = Board(request, rejects, own_labels=any(judge.manifest.own_labels for judge in judges))
    path = request.abstained_file
    with open_verdicts(request, run, window) as file:
        _say_what_is_there(file, whole="nothing is left to do" if chat is None else "its verdicts stay")
        with list_abstained(path, anew=not file.kept.rows) as abstained, Progress(seen and seen.rows) as progress:
            for rows, is_new in _judged(file, request, judges, records, window):
                board.add(rows)
                abstained.add(rows)
                (progress.reached if is_new else progress.passed_over)(board.dealt_with)
            file.end()
        if path:
            say(f"{abstained.rows:,} of {file.rows:,} verdicts abstain; their rows are listed in {path}")
        if path and chat:
            escalate(chat, file, ListedRows(path, abstained.rows), board)
    board.show(messages() if request.to_stdout else Console())
    if not (request.to_stdout or file.kept.is_whole):
        say(f"{board.count:,} verdicts written to {request.output}")
    board.conclude(strict=request.strict)


def _judged(
    file: VerdictFile, request: ScoringRequest, judges: Sequence[HeadJudge], records: Iterator[Record], window: int
) -> Iterator[tuple[list[Judged], bool]]:
    """The rows of a run a window at a time: those that the file has kept, then new ones, which it takes up."""
    for kept in windows(file.read_again(records), window):
        yield kept, False
    for new in _newly_judged(request, judges, records, file.kept.rows, window):
        file.append(new)
        yield new, True


def _newly_judged(
    request: ScoringRequest, judges: Sequence[HeadJudge], records: Iterator[Record], skip: int, window: int
) -> Iterator[list[Judged]]:
    if request.engine == "local":
        return judged(Panel(judges), records, window)
    return judged_on_ray(request, judges, records, skip, window)


def judged(judge: Judge, records: Iterator[Record], window: int = WINDOW) -> Iterator[list[Judged]]:
    """The records with their verdicts, a window at a time."""
    for rows in windows(records, window):
        yield list(zip(rows, judge.score(rows), strict=True))


def _say_what_is_there(file: VerdictFile, whole: str) -> None:
    if file.kept.is_whole:
        say(f"{file.path} is whole: {whole}")
    elif file.kept.rows:
        say(f"Going on after the {file.kept.rows:,} verdicts in {file.path}")
