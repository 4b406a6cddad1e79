"""The run of ``guardrank-agree correct``: its verdicts, one RunRow each, and the prompts that they belong to.

    RUN.verdicts.jsonl ──read_run──> Run.rows     score, what it predicts of the label, cluster
    --responses        ──name_prompts──> clusters (without: from the verdicts, else each row by itself)

A verdict without a score stays a row whose score is None: it is counted, and never becomes a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from guardrank.annotations import Question, cluster_of
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.errors import UsageError
from guardrank.metrics.cells import CellKey, stable_hash
from guardrank.metrics.summary import HALLUCINATION
from guardrank.records import RawRow, Record, RejectLog, Verdict, read_jsonl

OFF_SCALE = "off_scale"


@dataclass(slots=True)
class RunRow:
    """A row of the run.

    Attributes:
        key: its dimension, subtask, model and language.
        score: on the scale of the labels; None where the judge gave none.
        degree: predicts label / top score: the judge's expected score where there is one, else its score.
        perfect: predicts whether the label is 0: the judge's probability of 0 where there is one, else its score.
        cluster: hash of the prompt, or of the row itself where the prompt is not known (``named`` is False).
        half: of a pair subtask: what the rule that scores it needs.
    """

    key: CellKey
    score: int | None
    degree: float
    perfect: float
    abstained: bool
    cluster: int
    named: bool
    half: tuple[Record, Verdict] | None


@dataclass
class Run:
    """The verdicts of one file.

    Attributes:
        judges: the names that the verdicts carry, in order of appearance.
        failures: verdicts without a score by their reason; pair subtasks are not among them.
    """

    rows: list[RunRow] = field(default_factory=list)
    judges: dict[str, None] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    by_id: dict[str, list[RunRow]] = field(default_factory=dict)
    keys: dict[CellKey, CellKey] = field(default_factory=dict)
    """One copy of each, for rows to share."""

    @property
    def nameless(self) -> int:
        """Rows whose prompt is not known: they count as independent."""
        return sum(not row.named for row in self.rows)

    def find(self, record: Record) -> RunRow | None:
        """The row with the id and dimension of ``record``, and its model where both name one.

        Raises:
            UsageError: several rows could be meant.
        """
        found = [row for row in self.by_id.get(record.id, ()) if _same(row.key, record)]
        if len(found) > 1:
            raise UsageError(f"{len(found)} rows of the run have the id {record.id!r}: give each an id of its own")
        return found[0] if found else None

    def name_prompts(self, records: Iterable[Record]) -> None:
        """Take the clusters of the rows from the records that were judged."""
        for record in records:
            if row := self.find(record):
                name_prompt(row, record)


def name_prompt(row: RunRow, record: Record) -> None:
    """Put ``row`` into the cluster of ``record``."""
    row.cluster, row.named = stable_hash(cluster_of(record)), True


def _same(key: CellKey, record: Record) -> bool:
    return key.dimension is record.dimension and (None in (key.model, record.model) or key.model == record.model)


@dataclass(frozen=True)
class Scale:
    """Labels run from 0 to ``top``; a two-class ``question`` asks of any score only whether it is above 0."""

    top: int
    question: bool = False

    @classmethod
    def of(cls, dimension: Dimension, question: Question | None) -> Scale:
        """The scale of the dimension, or of the question that people answered."""
        return cls(len(question.classes) - 1, question=True) if question else cls(DIMENSIONS[dimension].top_score)

    def read(self, verdict: Verdict) -> tuple[int | None, float, float]:
        """Score, degree and perfect of a ``RunRow``; there is no score where it is off the scale."""
        two_classes = self.question and self.top == 1
        score = min(verdict.score, 1) if two_classes and verdict.score is not None else verdict.score
        if score is None or not 0 <= score <= self.top:
            return None, 0.0, 0.0
        perfect = _share(verdict.probs[0]) if verdict.probs else float(score == 0)
        if two_classes:
            return score, 1 - perfect, perfect
        return score, _share((score if verdict.expected is None else verdict.expected) / self.top), perfect


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def read_run(
    path: Path, question: Question | None, rejects: RejectLog, *, without: Container[str] = frozenset()
) -> Run:
    """The verdicts in ``path`` but those with the ids in ``without``; lines that are none go to ``rejects``.

    Raises:
        UsageError: there is no such file, or no verdict in it.
    """
    if not path.is_file():
        raise UsageError(f"there is no verdict file {path}: guardrank-score writes one")
    run = Run()
    for raw in read_jsonl(path):
        if raw.fields and raw.fields.get("id") in without:
            continue
        try:
            _add(run, raw, question)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            rejects.add(raw.file, raw.line, f"no verdict: {f'{place}: ' if place else ''}{first['msg']}")
        except ValueError as error:
            rejects.add(raw.file, raw.line, str(error))
    if not run.rows:
        raise UsageError(f"{path} holds no verdict: guardrank-score writes such a file")
    return run


def _add(run: Run, raw: RawRow, question: Question | None) -> None:
    """Append a line to ``run``; raises ValueError, of which ValidationError is one, where it is no verdict."""
    if raw.fields is None:
        raise ValueError(raw.problem)
    fields = dict(raw.fields)
    of_record = {"answer": fields.get("right_answer"), "human": None}  # the line's own answer is the verdict's
    record = Record.model_validate({"response": ""} | fields | of_record)
    verdict = Verdict.model_validate(fields | {"id": record.id})
    if not record.id:
        raise ValueError("no verdict: it has no id")
    subtask = record.subtask or (HALLUCINATION if record.dimension is Dimension.TRUTHFULNESS else None)
    key = CellKey(record.dimension, subtask, record.model, record.lang)
    score, degree, perfect = Scale.of(record.dimension, question).read(verdict)
    row = RunRow(
        key=run.keys.setdefault(key, key),
        score=score,
        degree=degree,
        perfect=perfect,
        abstained=verdict.abstained,
        cluster=stable_hash(f"\0row {len(run.rows)}"),
        named=False,
        half=(record, verdict) if key.is_pair_task else None,
    )
    if record.prompt:  # written with --with-text
        name_prompt(row, record)
    if score is None and not key.is_pair_task:
        run.failures[verdict.error or OFF_SCALE] += 1
    run.rows.append(row)
    run.judges.setdefault(verdict.judge)
    run.by_id.setdefault(record.id, []).append(row)
