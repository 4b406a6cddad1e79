"""``--escalate openai:MODEL``: a chat model judges the rows on which the judge abstained, and no others.

    NAME.abstained.jsonl ──estimate──> the cost, shown before anything is sent ──> ChatJudge ──> its verdicts
    verdict file ──an abstained line gives way to the chat model's──> draft ──> verdict file, all at once

A score of the chat model takes the place of the judge's, which stays in ``escalated_from``. Where it gives none,
the verdict still abstains, with the reason in ``escalation_error``: that is never a score. What was paid for is
cached, so that a run that was killed pays nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from guardrank.console import say, warn
from guardrank.errors import GuardRankError, UsageError
from guardrank.judge import HeadJudge
from guardrank.llm_judge import ChatJudge
from guardrank.records import LocalOpinion, Verdict
from guardrank.serve.abstained import AbstainedList, ListedRows, list_abstained
from guardrank.serve.board import Board
from guardrank.serve.request import ScoringRequest
from guardrank.serve.verdict_file import VerdictFile

_PREFIX = "openai:"


def open_chat_judge(request: ScoringRequest, judges: Sequence[HeadJudge]) -> ChatJudge | None:
    """The judge that ``--escalate`` names, opened before the others have worked for hours; None without it.

    Args:
        judges: whose rows it would take over.

    Raises:
        UsageError: it is no ``openai:MODEL``, would answer another question than ``judges``, or there is no key, or
            no price although the cost is limited.
        MissingExtraError: the ``agree`` extra is not installed.
    """
    text = request.escalate
    if text is None:
        return None
    model = text.removeprefix(_PREFIX)
    if not model or model == text:
        raise UsageError(f"--escalate {text}: name a chat model, such as openai:gpt-4o")
    if stranger := next((judge for judge in judges if judge.manifest.own_labels), None):
        raise UsageError(
            f"--escalate: {stranger.name} has labels of its own, and a chat model would score by the rubric of the "
            "dimension: give a judge of the dimensions, or leave --escalate out"
        )
    return ChatJudge(request.chat.settings(model))


def escalate(chat: ChatJudge, file: VerdictFile, listed: ListedRows, board: Board) -> None:
    """Have ``chat`` judge the rows in ``listed``, and put its verdicts into ``file`` and on the board.

    Args:
        file: whole; it is rewritten once all verdicts are there.
        listed: the rows of the verdicts in it that abstain, in order; in the end those that still do.

    Raises:
        GuardRankError: it would cost more than it may, or the server answers no request at all; the verdict file
            stays as it was.
    """
    if not listed.rows:
        say("No verdict abstains: nothing to escalate")
        return
    _show_cost(chat, listed)
    with list_abstained(listed.path) as left:
        file.rewrite(_merged(chat, file, listed, left, board))
    _tell(chat, ListedRows(listed.path, left.rows))


def _show_cost(chat: ChatJudge, listed: ListedRows) -> None:
    cost, most = chat.estimate(listed), chat.settings.max_cost
    say(f"Escalating to {chat.settings.model}: {cost}")
    if most is None or cost.dollars is None:
        return
    if cost.dollars.low > most:
        raise GuardRankError(
            f"escalating would cost at least {cost.dollars.low:,.2f} dollars, more than --max-cost {most:g}: "
            f"raise it, or give the rows in {listed.path} to people"
        )
    if cost.dollars.high > most:
        warn(f"--max-cost {most:g} may not do for all of them: verdicts still abstain on what does not fit")


def _merged(
    chat: ChatJudge, file: VerdictFile, listed: ListedRows, left: AbstainedList, board: Board
) -> Iterator[bytes]:
    """The lines of ``file``, those that abstain with what ``chat`` says of their rows."""
    with closing(chat.calls(listed)) as calls, file.path.open("rb") as lines:
        asked = zip(listed, calls, strict=True)
        for line in lines:
            verdict = Verdict.model_validate_json(line)
            if not verdict.abstained:
                yield line
                continue
            record, call = next(asked)
            if record.id != verdict.id:
                raise GuardRankError(f"{file.path} or {listed.path} was changed meanwhile: score again")
            judged = (record, decided(verdict, call.verdict))
            left.add([judged])
            board.settle(*judged)
            yield file.line(*judged)


def decided(local: Verdict, said: Verdict) -> Verdict:
    """The verdict on a row whose ``local`` verdict abstains, after what another judge ``said`` of it."""
    if said.score is None:
        return local.model_copy(update={"escalation_error": said.error})
    opinion = LocalOpinion(judge=local.judge, score=local.score, confidence=local.confidence)
    return said.model_copy(update={"escalated_from": opinion})


def _tell(chat: ChatJudge, left: ListedRows) -> None:
    usage, dollars = chat.usage, chat.facts()["dollars"]
    cost = "price unknown" if dollars is None else f"{dollars:,.2f} dollars"
    say(f"{chat.name} scored {usage.records - left.rows:,} of {usage.records:,} rows; {cost}")
    if usage.failures:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in usage.failures.most_common())
        warn(f"{left.rows:,} verdicts still abstain ({reasons}); their rows are listed in {left.path}")
