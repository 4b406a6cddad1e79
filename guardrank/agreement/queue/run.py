"""The queue from end to end: three passes over the responses, none of which keeps their texts.

survey (who may be asked about) -> opinions (judge or verdict file) -> choose -> read the chosen -> folder
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from rich.console import Console

from guardrank.agreement.queue.candidates import Candidates, content_key, has_label, survey
from guardrank.agreement.queue.folder import check_folder, study_command, write_folder
from guardrank.agreement.queue.label_studio import QueueRow
from guardrank.agreement.queue.opinions import Opinion, opinion_of
from guardrank.agreement.queue.selection import Pick, Wish, choose
from guardrank.agreement.queue.table import print_table
from guardrank.annotations import read_records
from guardrank.console import messages, say, warn
from guardrank.dimensions import Dimension
from guardrank.errors import GuardRankError, UsageError
from guardrank.judge import Judge, Panel, load_judge
from guardrank.judge.recorded import RecordedVerdicts
from guardrank.progress import Progress
from guardrank.records import Record, RejectLog


@dataclass(frozen=True)
class QueueRequest:
    """What the user asked for."""

    responses: tuple[str, ...]
    out: Path
    wish: Wish
    judges: tuple[str, ...] = ()
    verdicts: Path | None = None
    labelled: tuple[str, ...] = ()
    include_labelled: bool = False
    show_judge: bool = False
    dimension: Dimension | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None

    def check(self) -> None:
        """Raise UsageError where options contradict each other, or the responses can be read only once."""
        if "-" in self.responses:
            raise UsageError("standard input cannot be read again: put the responses into a file")
        if self.judges and self.verdicts:
            raise UsageError("--judge and --verdicts both say what the judge thinks: give one of them")
        if self.show_judge and not (self.judges or self.verdicts):
            raise UsageError("--show-judge needs a judge: give --judge or --verdicts")
        check_folder(self.out)

    def read(self, rejects: RejectLog | None = None) -> Iterator[Record]:
        """The responses, in order, the same at every call."""
        log = RejectLog() if rejects is None else rejects
        return read_records(self.responses, dim=self.dimension, mapping=self.mapping, rejects=log)


def build_queue(request: QueueRequest) -> None:
    """Choose, write the folder, print what was chosen and what to do next.

    Raises:
        UsageError: the options cannot work together, or an input cannot be read.
        JudgeError: the judge is damaged or unfit.
        GuardRankError: there is nothing to label, or the responses changed while they were read.
    """
    request.check()
    candidates = _survey(request)
    opinions = _opinions(request, candidates)
    picks = choose(candidates, opinions, request.wish)
    records = _read_chosen(request, candidates, picks)
    rows = [QueueRow(records[pick.row], pick, opinions[pick.row]) for pick in picks]
    write_folder(request.out, rows, show_judge=request.show_judge)
    print_table(candidates, opinions, picks, Console())
    _say_what_next(request, len(candidates), rows)


def _survey(request: QueueRequest) -> Candidates:
    labelled = {content_key(record) for record in _labelled_elsewhere(request)}
    request.out.mkdir(parents=True, exist_ok=True)
    rejects = RejectLog(request.out)
    with messages().status("Reading the responses"):
        candidates = survey(request.read(rejects), labelled=labelled, include_labelled=request.include_labelled)
    if rejects.count:
        warn(rejects.summary())
    for reason, count in candidates.left_out.items():
        say(f"{count:,} row{'s' * (count != 1)} left out: {reason}")
    if not len(candidates):
        raise GuardRankError(
            "there is nothing to label: give responses without a label, or --include-labelled to ask again"
        )
    return candidates


def _labelled_elsewhere(request: QueueRequest) -> Iterable[Record]:
    if not request.labelled:
        return ()
    rejects = RejectLog()
    rows = [row for row in read_records(request.labelled, dim=request.dimension, rejects=rejects) if has_label(row)]
    say(f"{len(rows):,} labelled rows in {', '.join(request.labelled)}: they are not asked about again")
    return rows


def _opinions(request: QueueRequest, candidates: Candidates) -> Sequence[Opinion | None]:
    judge = _open_judge(request)
    if judge is None:
        warn("No judge: rows are chosen for their diversity alone; name one with --judge or --verdicts")
        return [None] * len(candidates)
    opinions: list[Opinion | None] = []
    with Progress(len(candidates), title="Judging") as progress:
        for verdict in judge.score(_those(request, candidates)):
            opinions.append(opinion_of(verdict))
            progress.advance()
    _say_doubts(opinions)
    return opinions


def _open_judge(request: QueueRequest) -> Judge | None:
    if request.verdicts:
        return RecordedVerdicts(request.verdicts)
    judges = [load_judge(name, device=request.device) for name in request.judges]
    for judge in judges:
        say(f"Judge {judge.name} ({', '.join(sorted(judge.dimensions))}; {judge.variant})")
        if request.show_judge and judge.manifest.own_labels:
            raise UsageError(f"{judge.name} gives labels of its own, not scores: leave out --show-judge")
    return Panel(judges) if judges else None


def _those(request: QueueRequest, candidates: Candidates) -> Iterator[Record]:
    """The candidates' records, read again.

    Raises:
        GuardRankError: they are not what they were.
    """
    expected = iter(zip(candidates.place, candidates.content, strict=True))
    place, content = next(expected, (-1, -1))
    for number, record in enumerate(request.read()):
        if number == place:
            if content_key(record) != content:
                break
            yield record
            place, content = next(expected, (-1, -1))
    if place != -1:
        raise GuardRankError("the responses changed while they were read: run again when nobody writes them")


def _say_doubts(opinions: Sequence[Opinion | None]) -> None:
    unknown = sum(opinion is None for opinion in opinions)
    failed = sum(opinion is not None and opinion.error is not None for opinion in opinions)
    unsure = sum(
        opinion is not None and opinion.error is None and opinion.uncertainty is None for opinion in opinions
    )
    if unknown == len(opinions):
        warn("The judge has no verdict on any row: rows are chosen for their diversity alone")
    elif unknown:
        say(f"{unknown:,} rows have no verdict: they are chosen for their diversity")
    if unsure:
        say(f"{unsure:,} verdicts have neither probabilities nor a confidence: they are chosen for their diversity")
    if failed:
        warn(f"The judge failed on {failed:,} rows: about a tenth of the queue may be taken from them")


def _read_chosen(request: QueueRequest, candidates: Candidates, picks: Sequence[Pick]) -> dict[int, Record]:
    """Candidate -> record, of the picks."""
    wanted = {pick.row for pick in picks}
    last = max(wanted)
    read = enumerate(islice(_those(request, candidates), last + 1))
    return {row: record for row, record in read if row in wanted}


def _say_what_next(request: QueueRequest, candidates: int, rows: list[QueueRow]) -> None:
    out, judge = request.out, request.judges[0] if request.judges else "judges/NAME"
    if len(rows) < min(request.wish.rows, candidates):
        warn(
            f"Only {len(rows):,} rows: at most {request.wish.per_prompt} may share a prompt (--per-prompt), "
            "and the judge may have failed on about a tenth"
        )
    say(f"{len(rows):,} tasks written to {out}: see {out / 'README.md'}")
    say(
        "Next: import tasks.json and config.xml into Label Studio, label, export as JSON, then\n"
        f"  {study_command(rows, judge)}\n"
        "  guardrank-train --data export.json"
    )
