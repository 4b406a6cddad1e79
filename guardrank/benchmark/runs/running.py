"""The loop of a run: ask what has no response yet, write down what comes, show how far it is.

    case ──images opened, transform done──> Ask ──model──> Reply ──> Response, appended and synced
      └── an image or a transform fails: the reason is the case's error, and the model is not asked

Local models get batches, halved when memory runs out; servers get one ask from each of several threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from guardrank.benchmark.case import Case
from guardrank.benchmark.images import ImageFolder
from guardrank.benchmark.models import Ask, Model, OutOfMemoryError, Reply
from guardrank.benchmark.redteam import CannotAttackError, Shown, apply_transform
from guardrank.benchmark.runs.responses import Response, ResponseLog
from guardrank.console import warn
from guardrank.errors import GuardRankError
from guardrank.llm_judge.images import ImageError
from guardrank.llm_judge.pool import map_in_order
from guardrank.progress import Progress

OUT_OF_MEMORY = "out_of_memory"
"""Even by itself the case does not fit."""


@dataclass
class Outcome:
    """What a start of a run came to.

    Attributes:
        failures: error -> cases.
        dollars: spent by this start; 0 where no price is known.
    """

    answered: int = 0
    cut: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    dollars: float = 0.0
    is_priced: bool = False

    def add(self, response: Response) -> None:
        """Count a response."""
        if response.error:
            self.failures[response.error] += 1
        else:
            self.answered += 1
            self.cut += response.cut
        if "dollars" in response.facts:
            self.is_priced = True
            self.dollars += float(response.facts["dollars"])

    @property
    def note(self) -> str:
        """For the progress bar: failures so far, and the cost."""
        parts = [f"{self.failures.total():,} failed"] if self.failures else []
        if self.is_priced:
            parts.append(f"{self.dollars:,.2f} dollars")
        return ", ".join(parts)


def ask_all(todo: Sequence[Case], model: Model, images: ImageFolder, log: ResponseLog, *, done: int = 0) -> Outcome:
    """Ask ``model`` each case of ``todo``, and append what comes to ``log``.

    Args:
        done: cases that were answered before, for the progress bar.

    Raises:
        GuardRankError: the model will answer nothing more; what was answered is in the log.
    """
    outcome = Outcome()
    with Progress(done + len(todo), "cases", title=model.name) as progress:
        progress.passed_over(done)
        with closing(_responses(todo, model, images, log)) as stream:
            for responses in stream:
                for response in responses:
                    outcome.add(response)
                    progress.advance(outcome.note)
    return outcome


def _responses(
    todo: Sequence[Case], model: Model, images: ImageFolder, log: ResponseLog
) -> Generator[list[Response], None, None]:
    """Responses that are in the log already."""
    if model.threads > 1:
        work = partial(_ask_and_log, model, images, log)
        with closing(map_in_order(work, todo, model.threads, model.stop)) as stream:
            yield from ([response] for response in stream)
    else:
        yield from _in_batches(todo, model, images, log)


def _in_batches(
    todo: Sequence[Case], model: Model, images: ImageFolder, log: ResponseLog
) -> Iterator[list[Response]]:
    size, start = model.batch_size, 0
    while start < len(todo):
        batch = todo[start : start + size]
        try:
            responses = _ask_batch(batch, model, images)
        except OutOfMemoryError:
            if len(batch) > 1:
                size = len(batch) // 2
                warn(f"Out of memory: going on with {size} at a time")
                continue
            responses = [_response(batch[0], Reply(error=OUT_OF_MEMORY))]
        log.add(responses)
        yield responses
        start += len(batch)


def _ask_and_log(model: Model, images: ImageFolder, log: ResponseLog, case: Case) -> Response:
    """In the thread that asked: what was paid for must not wait in memory for slower cases before it."""
    responses = _ask_batch([case], model, images)
    log.add(responses)
    return responses[0]


def _ask_batch(batch: Sequence[Case], model: Model, images: ImageFolder) -> list[Response]:
    prepared = [prepare(case, images) for case in batch]
    asks = [ask for ask in prepared if isinstance(ask, Ask)]
    replies = iter(_answers(model, asks) if asks else ())
    return [
        _response(case, next(replies) if isinstance(ask, Ask) else ask)
        for case, ask in zip(batch, prepared, strict=True)
    ]


def _answers(model: Model, asks: Sequence[Ask]) -> Sequence[Reply]:
    replies = model.answer(asks)
    if len(replies) != len(asks):  # nobody could tell whose they are
        raise GuardRankError(
            f"{model.name} gave {len(replies)} replies to {len(asks)} requests: its code is at fault"
        )
    return replies


def prepare(case: Case, images: ImageFolder) -> Ask | Reply:
    """What a model is shown of ``case``, or the reason why it cannot be asked."""
    try:
        opened = tuple(images.open(name) for name in case.images)
        shown = Shown(case.prompt, opened, case.options, case.answer, case.lang)
        if case.transform:
            shown = apply_transform(shown, case.transform)
    except (ImageError, CannotAttackError) as error:
        return Reply(error=str(error))
    return Ask(case.id, shown.prompt, shown.images)


def _response(case: Case, reply: Reply) -> Response:
    return Response(
        id=case.id,
        case=case.sha256[:16],
        response=reply.text,
        error=reply.error,
        cut=reply.cut,
        facts=dict(reply.facts),
    )
