"""What ``guardrank-agree correct`` does: read the run and the labels, correct, write, tell.

RUN.verdicts.jsonl, --labels, --responses ──> Run, Sample ──correct_scores──> CorrectedScores ──> table, JSON
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from guardrank.agreement.correct_labels import Sample, read_labels
from guardrank.agreement.correct_rows import Run, read_run
from guardrank.agreement.correct_table import print_corrected
from guardrank.agreement.corrected import correct_scores, overall
from guardrank.agreement.corrected_results import CorrectedScores
from guardrank.agreement.results import DataFile
from guardrank.agreement.study_table import plain
from guardrank.annotations import Question, find_question, read_records
from guardrank.console import messages, say, warn
from guardrank.dimensions import Dimension
from guardrank.errors import UsageError
from guardrank.judge.base import hash_file
from guardrank.metrics import By
from guardrank.records import Record, RejectLog, dump_line


@dataclass(frozen=True)
class Correction:
    """What the user asked for.

    Attributes:
        responses: the records that were judged, for their prompts.
        verdicts: of the labelled rows, where they are no part of the run.
    """

    run: Path
    labels: str
    by: By = "dimension"
    question: str | None = None
    responses: tuple[str, ...] = ()
    verdicts: Path | None = None
    dimension: Dimension | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    leave_out_abstained: bool = False
    output: Path | None = None
    command: str = ""


def correct_run(asked: Correction) -> CorrectedScores:
    """Correct the scores of a run, print them, and write them to ``asked.output`` if there is one.

    Raises:
        UsageError: a file is missing or holds nothing of use, or run and labels do not belong together.
    """
    _check_output(asked)
    rejects = RejectLog(asked.output.parent if asked.output else None)
    question = find_question(asked.question) if asked.question else None
    with messages().status("Reading ..."):
        run, sample, labels = _read(asked, question, rejects)
        rows = correct_scores(
            run, sample, asked.by, question=question, leave_out_abstained=asked.leave_out_abstained
        )
    scores = CorrectedScores(
        run=DataFile(name=asked.run.name, sha256=hash_file(asked.run), rows=len(run.rows)),
        labels=labels,
        judges=list(run.judges),
        question=asked.question,
        by=asked.by,
        leave_out_abstained=asked.leave_out_abstained,
        failures=dict(run.failures),
        left_out=dict(sample.left_out),
        rejected=rejects.count,
        nameless=run.nameless,
        rows=rows,
        overall=[] if asked.by == "subtask" else overall(rows),
        command=asked.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    _tell(scores, rejects)
    print_corrected(scores, Console())
    if asked.output:
        _write(asked.output, scores)
        say(f"All figures: {asked.output}")
    return scores


def _check_output(asked: Correction) -> None:
    output = asked.output
    if output is None:
        return
    if output.is_dir():
        raise UsageError(f"{output} is a folder: give a file with -o")
    inputs = [asked.run, Path(asked.labels), *map(Path, asked.responses), *filter(None, [asked.verdicts])]
    if output.exists() and any(path.exists() and output.samefile(path) for path in inputs):
        raise UsageError(f"{output} is an input: give another file with -o")
    output.parent.mkdir(parents=True, exist_ok=True)


def _read(asked: Correction, question: Question | None, rejects: RejectLog) -> tuple[Run, Sample, DataFile]:
    run = read_run(asked.run, question, rejects)
    judged = read_run(asked.verdicts, question, rejects) if asked.verdicts else run
    if strangers := [name for name in judged.judges if name not in run.judges]:
        raise UsageError(
            f"{asked.verdicts} is by {strangers[0]!r}, which judged no row of the run: use the same judge"
        )
    if asked.responses:
        run.name_prompts(read_records(asked.responses, dim=asked.dimension, rejects=rejects))
    rule = question.rule if question else None
    records = list(
        read_records(asked.labels, dim=asked.dimension, mapping=asked.mapping, rule=rule, rejects=rejects)
    )
    return run, read_labels(records, judged), _data_file(asked.labels, records)


def _data_file(source: str, records: list[Record]) -> DataFile:
    path = Path(source)
    if path.is_file():
        return DataFile(name=path.name, sha256=hash_file(path), rows=len(records))
    lines = b"".join(dump_line(record.model_dump(mode="json")) for record in records)
    return DataFile(name=source, sha256=hashlib.sha256(lines).hexdigest(), rows=len(records))


def _tell(scores: CorrectedScores, rejects: RejectLog) -> None:
    judges = ", ".join(scores.judges)
    say(plain(f"{scores.run.rows:,} rows of {scores.run.name}, judged by {judges}").plain)
    if scores.left_out:
        say(f"Labels left out: {_listed(scores.left_out)}")
    if scores.failures:
        warn(plain(f"Not judged: {_listed(scores.failures)}").plain)
    if scores.nameless:
        warn(
            f"The prompts of {scores.nameless:,} rows are not known, so they count as independent: give the judged "
            "responses with --responses"
        )
    if rejects.left_out:
        say(f"{rejects.left_out:,} rows of other dimensions left out")
    if rejects.count:
        warn(rejects.summary())


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items())


def _write(path: Path, scores: CorrectedScores) -> None:
    """Write so that a kill leaves the old file or the new one, never half of one."""
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_text(scores.model_dump_json(indent=1) + "\n", encoding="utf-8")
    draft.replace(path)
