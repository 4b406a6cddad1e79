"""A run's responses before a judge, and what it said, in a file a judge.

    case + response ──case.record──> judge (pair tasks: the rule) ──> RUN/verdicts/JUDGE.jsonl
    case + error    ────────────────> a failed verdict with that error, never a score

Beside it stands the hash of what it was made of; where that still holds, only what the judge failed on is judged
again. RUN/records.jsonl has the responses as records, for ``guardrank-score`` and ``guardrank-agree``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import orjson

from guardrank.benchmark.case import Case
from guardrank.benchmark.runs import Response, RunFolder
from guardrank.benchmark.runs.folder import RECORDS, replace_file
from guardrank.console import say
from guardrank.errors import UsageError
from guardrank.judge import Judge, KeywordJudge, Panel, load_judge
from guardrank.judge.loading import DEFAULT_JUDGE
from guardrank.llm_judge import ChatJudge
from guardrank.llm_judge.options import ChatOptions
from guardrank.progress import Progress
from guardrank.records import Record, Verdict, dump_line, failed, verdict_line

NOT_ASKED = "not_asked"
"""The run ended before this case's turn."""


class Judged(NamedTuple):
    """A case, its record, what the model said or why it said nothing, and what the judge said of that."""

    case: Case
    record: Record
    response: Response | None
    verdict: Verdict


@dataclass(frozen=True)
class JudgeOptions:
    """Which judges, and how: ``names`` are folders, hub ids, ``keyword`` or ``openai:MODEL``."""

    names: tuple[str, ...] = (DEFAULT_JUDGE,)
    device: str | None = None
    chat: ChatOptions = field(default_factory=ChatOptions)


def open_panel(options: JudgeOptions) -> Panel:
    """The judges, each for the dimensions that those before it lack, and the rule for pair tasks.

    Raises:
        UsageError: a chat judge cannot be asked.
        JudgeError: there is no such judge.
    """
    panel = Panel([_open(name, options) for name in options.names or (DEFAULT_JUDGE,)])
    say(f"Judge {panel.name}")
    return panel


def _open(name: str, options: JudgeOptions) -> Judge:
    kind, colon, rest = name.partition(":")
    if name == "keyword":
        return KeywordJudge(None)
    if colon and kind == "openai":
        return ChatJudge(options.chat.settings(rest))
    judge = load_judge(name, device=options.device)
    if judge.manifest.own_labels:
        raise UsageError(f"judge {name} has labels of its own, which are no scores: ASD and PAR need another judge")
    return judge


def judge_run(run: RunFolder, panel: Panel) -> list[Judged]:
    """Every case of the run, judged; scores that a file of this judge has for the very same responses are kept.

    A judge's failure may be the server's of that day, so it is never kept.
    """
    judged = _unjudged(run, panel)
    key = _key(judged, panel)
    file = verdict_file(run, panel)
    verdicts = {one.case.id: one.verdict for one in judged} | _kept(file, key)
    answered = [one.record for one in judged if one.response and one.response.response is not None]
    open_ = [record for record in answered if not _is_settled(verdicts[record.id])]
    verdicts |= {verdict.id: verdict for verdict in _judge(open_, panel)}
    done = [one._replace(verdict=verdicts[one.case.id]) for one in judged]
    if open_ or not file.is_file():
        _write(file, key, done)
    write_records(run, answered)
    return done


def _is_settled(verdict: Verdict) -> bool:
    """Whether asking again could change nothing: there is a score, or the pair rule has read the answer."""
    return verdict.score is not None or verdict.answer is not None


def _unjudged(run: RunFolder, panel: Panel) -> list[Judged]:
    model, responses = run.manifest().model, run.responses()
    return [_before(case, responses.get(case.id), model, panel.name) for case in run.cases()]


def _before(case: Case, response: Response | None, model: str, judge: str) -> Judged:
    record = case.record((response and response.response) or "", model)
    error = (response.error if response else NOT_ASKED) or ""
    return Judged(case, record, response, failed(record, judge, error or NOT_ASKED))


def _judge(records: Sequence[Record], panel: Panel) -> Iterator[Verdict]:
    with Progress(len(records), "responses", title="judging", wanted=bool(records)) as progress:
        for verdict in panel.score(records):
            yield verdict
            progress.advance()


def _key(judged: Sequence[Judged], panel: Panel) -> str:
    """What verdicts depend on: the judge, and what was said to what."""
    digest = hashlib.sha256(panel.name.encode())
    for one in judged:
        said = one.response and (one.response.response, one.response.error)
        digest.update(orjson.dumps([one.case.id, one.case.sha256, said]))
    return digest.hexdigest()


def verdict_file(run: RunFolder, panel: Panel) -> Path:
    """Where the verdicts of these judges on this run stand."""
    name = re.sub(r"[^\w.@+-]+", "-", panel.name)[:120]
    return run.verdicts / f"{name}.jsonl"


def _kept(file: Path, key: str) -> dict[str, Verdict]:
    made_of = file.with_suffix(".sha256")
    if not (file.is_file() and made_of.is_file() and made_of.read_text("ascii").strip() == key):
        return {}
    verdicts = (Verdict.model_validate(orjson.loads(line)) for line in file.read_bytes().splitlines())
    return {verdict.id: verdict for verdict in verdicts}


def _write(file: Path, key: str, judged: Sequence[Judged]) -> None:
    """The hash last, so that a kill between leaves verdicts that nobody trusts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    made_of = file.with_suffix(".sha256")
    made_of.unlink(missing_ok=True)
    replace_file(file, b"".join(dump_line(verdict_line(one.record, one.verdict)) for one in judged))
    replace_file(made_of, key.encode("ascii"))


def write_records(run: RunFolder, answered: Sequence[Record]) -> None:
    """RUN/records.jsonl: the responses that there are."""
    lines = (dump_line(record.model_dump(mode="json", exclude_defaults=True)) for record in answered)
    replace_file(run.path / RECORDS, b"".join(lines))
