"""Batcher: requests that arrive together are scored together.

    request ──queue, bounded in records──> gather: a window, or until the judge is free ──> judge ──> futures

While a batch is scored the next one gathers, up to a budget of tokens. A request with more than that is scored in
shares, and goes to the end of the queue after each, so that a small one behind it does not wait for all of it. A
verdict does not depend on its batch, so what a client gets is what the offline engine says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial

from guardrank.judge import Judge
from guardrank.records import Record, Verdict
from guardrank.serve.http.settings import ServiceSettings

FIRST_PACE = 100.0
"""Records a second, until the judge's own pace is known."""


class QueueFullError(Exception):
    """The records do not fit; ``retry_after`` is in whole seconds, at least 1."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class ClosingError(Exception):
    """The service is about to end and takes nothing new."""


@dataclass
class _Job:
    """A request: its records, how many of them are in a batch by now, and the verdicts that are there."""

    records: Sequence[Record]
    answer: asyncio.Future[list[Verdict]]
    taken: int = 0
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def rest(self) -> int:
        return len(self.records) - self.taken


@dataclass
class _Batch:
    """Shares of jobs, in order: what is scored together."""

    room: int
    shares: list[tuple[_Job, Sequence[Record]]] = field(default_factory=list)

    def take(self, job: _Job, most_tokens: int) -> None:
        """As many of the job's records as there is room for; one at least, if there is any."""
        start = job.taken
        while job.rest and self.room > 0:
            self.room -= tokens_about(job.records[job.taken], most_tokens)
            job.taken += 1
        self.shares.append((job, job.records[start : job.taken]))

    @property
    def records(self) -> list[Record]:
        return [record for _, records in self.shares for record in records]


def tokens_about(record: Record, most: int) -> int:
    """What a record costs a model that reads ``most`` tokens: a token is some four bytes of UTF-8."""
    texts = (record.prompt, record.response, record.reference)
    return min(sum(len((text or "").encode()) for text in texts) // 4 + 1, most)


class Batcher:
    """Scores for many requests at once; lives in one event loop.

    Args:
        executor: scores one batch at a time; several batchers may share it.
        most_tokens: that the judge reads of a record.
    """

    def __init__(self, judge: Judge, executor: Executor, settings: ServiceSettings, most_tokens: int = 512) -> None:
        self.judge = judge
        self.pace = FIRST_PACE
        self.waiting = 0
        self.batches = 0
        self._executor = executor
        self._settings = settings
        self._most_tokens = most_tokens
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._running: asyncio.Task[None] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        """Begin to work, in the running loop."""
        self._worker = asyncio.create_task(self._work())

    async def score(self, records: Sequence[Record]) -> list[Verdict]:
        """The verdicts, in order.

        Raises:
            QueueFullError: too many records are waiting.
            ClosingError: the service is ending.
        """
        if self._closing:
            raise ClosingError
        if self.waiting and self.waiting + len(records) > self._settings.queue_rows:
            raise QueueFullError(max(round(self.waiting / self.pace), 1))
        if not records:
            return []
        job = _Job(records, asyncio.get_running_loop().create_future())
        self.waiting += len(records)
        self._jobs.put_nowait(job)
        return await job.answer

    async def close(self) -> None:
        """Take nothing new, score all that was taken, end."""
        self._closing = True
        while self.waiting:
            await asyncio.sleep(0.005)
        if self._worker:
            self._worker.cancel()

    async def _work(self) -> None:
        while True:
            batch = await self._gather()
            if self._running:
                await self._running
                self._take_what_is_there(batch)
            self._running = asyncio.create_task(self._score(batch))

    async def _gather(self) -> _Batch:
        """The first job, and those that come within the window."""
        batch = _Batch(self._settings.batch_tokens)
        self._take(batch, await self._jobs.get())
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.window
        while batch.room > 0 and (left := until - loop.time()) > 0:
            try:
                self._take(batch, await asyncio.wait_for(self._jobs.get(), left))
            except TimeoutError:
                break
        return batch

    def _take_what_is_there(self, batch: _Batch) -> None:
        while batch.room > 0 and not self._jobs.empty():
            self._take(batch, self._jobs.get_nowait())

    def _take(self, batch: _Batch, job: _Job) -> None:
        if job.answer.done():  # a client that has left, or a judge that broke
            self.waiting -= job.rest
            return
        batch.take(job, self._most_tokens)
        if job.rest:
            self._jobs.put_nowait(job)

    async def _score(self, batch: _Batch) -> None:
        if not (records := batch.records):
            return
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            verdicts = await loop.run_in_executor(self._executor, partial(_all, self.judge, records))
        except Exception as error:  # noqa: BLE001 (whatever it is, those who wait must hear of it)
            _fail(batch, error)
        else:
            _deliver(batch, verdicts)
            self.pace = len(records) / max(loop.time() - started, 1e-6)
        self.waiting -= len(records)
        self.batches += 1


def _deliver(batch: _Batch, verdicts: Sequence[Verdict]) -> None:
    start = 0
    for job, records in batch.shares:
        job.verdicts += verdicts[start : start + len(records)]
        start += len(records)
        if len(job.verdicts) == len(job.records) and not job.answer.done():
            job.answer.set_result(job.verdicts)


def _fail(batch: _Batch, error: Exception) -> None:
    for job, _ in batch.shares:
        if not job.answer.done():
            job.answer.set_exception(error)


def _all(judge: Judge, records: Sequence[Record]) -> list[Verdict]:
    return list(judge.score(records))
