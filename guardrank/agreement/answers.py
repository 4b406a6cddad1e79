"""Answers: what one rater said of every row of a study, as numbers on the classes that are compared.

    Judge ──score──> Verdict ──> score 0, 1, ... (-1: it failed)    confidence (NaN: it gave none)    abstained

A failure never becomes a number: it is counted by its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrank.agreement.asked import Asked
from guardrank.agreement.kept_verdicts import beside, score_or_read
from guardrank.agreement.raters import Spec, check_spec, open_judge
from guardrank.agreement.results import Rater
from guardrank.agreement.rows import Rows
from guardrank.agreement.settings import StudySettings
from guardrank.dimensions import PAIR_SUBTASKS
from guardrank.errors import GuardRankError, UsageError
from guardrank.judge import Judge, Panel
from guardrank.judge.recorded import NO_LABEL, NO_VERDICT, OFF_SCALE, RecordedVerdicts
from guardrank.llm_judge import ChatJudge
from guardrank.progress import Progress
from guardrank.records import Record, Verdict

UNSCORED = -1


@dataclass(frozen=True)
class Answers:
    """One rater's answers; every array has the shape (n,).

    Attributes:
        scores: on the compared classes, -1 where the rater failed.
        confidence: the probability that it gave its score, NaN where it gave none.
    """

    rater: Rater
    scores: NDArray[np.int64]
    confidence: NDArray[np.float64]
    abstained: NDArray[np.bool_]

    @property
    def name(self) -> str:
        """The rater's name."""
        return self.rater.name

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which rows have a score."""
        return np.asarray(self.scores != UNSCORED)


def collect_answers(specs: Sequence[Spec], rows: Rows, settings: StudySettings) -> list[Answers]:
    """Let every judge score the rows, one after the other.

    Raises:
        UsageError: a judge cannot answer what is asked, or a file or column is of other rows.
        GuardRankError: no judge scored any row.
    """
    for spec in specs:
        check_spec(spec, rows.asked, rows.records, settings)
    answers: list[Answers] = []
    spent = 0.0
    for spec in specs:
        judge = open_judge(spec, rows.asked, rows.records, settings, spent)
        answers.append(_answers_of(spec, judge, rows, settings))
        spent += judge.usage.dollars if isinstance(judge, ChatJudge) else 0.0
    if not any(one.rater.answered for one in answers):
        reasons = sum((Counter(one.rater.failures) for one in answers), Counter[str]())
        why = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common(5))
        raise GuardRankError(f"no judge scored any of the {len(rows):,} labelled rows ({why})")
    return answers


def _answers_of(spec: Spec, judge: Judge, rows: Rows, settings: StudySettings) -> Answers:
    verdicts = list(_scored(spec, judge, rows.records, settings))
    answers = read_verdicts(spec, judge.name, verdicts, rows.asked)
    _check_match(spec, judge, answers.rater, rows.records)
    if isinstance(judge, ChatJudge):
        return replace(answers, rater=answers.rater.model_copy(update={"facts": judge.facts()}))
    return answers


def _scored(spec: Spec, judge: Judge, records: list[Record], settings: StudySettings) -> Iterator[Verdict]:
    kept = beside(settings.output, spec.name)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(judge, ChatJudge):  # it keeps its answers itself, and shows how far it is
        by_rule = any(record.subtask in PAIR_SUBTASKS for record in records)
        yield from (Panel([judge]) if by_rule else judge).score(records)
        return
    with Progress(len(records), title=spec.name) as progress:
        for verdict in score_or_read(judge, records, kept) if spec.kind == "folder" else judge.score(records):
            yield verdict
            progress.advance()


def read_verdicts(spec: Spec, judge: str, verdicts: Sequence[Verdict], asked: Asked) -> Answers:
    """The verdicts on the classes that are compared.

    Args:
        judge: name and content hash.

    Raises:
        UsageError: they are on a scale that does not answer what is asked.
    """
    scores = np.full(len(verdicts), UNSCORED, dtype=np.int64)
    confidence = np.full(len(verdicts), nan)
    failures: Counter[str] = Counter()
    for i, verdict in enumerate(map(asked.read, verdicts)):
        score = _score(spec, verdict, asked)
        if score is None:
            failures[verdict.error or OFF_SCALE] += 1
            continue
        scores[i] = score
        confidence[i] = _confidence(verdict, score, asked)
    scored = scores != UNSCORED
    abstained = np.array([verdict.abstained for verdict in verdicts], dtype=np.bool_) & scored
    rater = Rater(
        name=spec.name,
        spec=spec.text,
        judge=judge,
        answered=int(scored.sum()),
        failures=dict(sorted(failures.items(), key=lambda item: (-item[1], item[0]))),
        abstained=int(abstained.sum()),
        facts=_facts(verdicts),
    )
    return Answers(rater, scores, confidence, abstained)


def _score(spec: Spec, verdict: Verdict, asked: Asked) -> int | None:
    if verdict.score is None:
        return None
    if asked.is_binary:
        return min(verdict.score, 1)
    if verdict.probs is not None and len(verdict.probs) != len(asked.classes):
        raise UsageError(
            f"the verdicts of {spec.name} are on a scale of {len(verdict.probs)}, and what is asked has "
            f"{len(asked.classes)} classes: only a question of two classes can be asked of them, as by --binary"
        )
    return verdict.score if verdict.score < len(asked.classes) else None


def _confidence(verdict: Verdict, score: int, asked: Asked) -> float:
    """How probable the rater finds its own score, which need not be the likeliest; NaN if it did not say."""
    if verdict.probs is None:
        return nan if verdict.confidence is None else verdict.confidence
    probs = (verdict.probs[0], 1 - verdict.probs[0]) if asked.is_binary else verdict.probs
    return min(max(probs[score], 0.0), 1.0)


def _facts(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    truncated = sum(verdict.truncated for verdict in verdicts)
    return {"truncated": truncated} if truncated else {}


def _check_match(spec: Spec, judge: Judge, rater: Rater, records: Sequence[Record]) -> None:
    """Raise UsageError where a column or a verdict file has nothing to do with the data."""
    if spec.kind == "column" and rater.failures.get(NO_LABEL) == len(records):
        known = sorted({name for record in records for name in record.judges})
        hint = f"the data have judges {', '.join(map(repr, known[:8]))}" if known else "no row has any judges"
        raise UsageError(f"no row has a label in {spec.target!r}: {hint}; a path is written meta.NAME")
    if isinstance(judge, RecordedVerdicts) and rater.failures.get(NO_VERDICT) == len(records):
        raise UsageError(
            f"none of the {len(judge):,} verdicts in {spec.target} has the id of a labelled row: "
            "is it of these data?"
        )
