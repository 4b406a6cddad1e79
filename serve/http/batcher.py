"""Batcher: requests that arrive together are scored together.

    request ──queue, bounded in records──> gather: a window, or until the judge is free ──> judge ──> futures

While a batch is scored the next one gathers. A verdict does not depend on its batch, so what a client gets is what
the offline engine says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Job:
    records: Sequence[Record]
    verdicts: asyncio.Future[list[Verdict]]


class Batcher:
    """Scores for many requests at once; lives in one event loop.

    Args:
        executor: scores one batch at a time; several batchers may share it.
    """

    def __init__(self, judge: Judge, executor: Executor, settings: ServiceSettings) -> None:
        self.judge = judge
        self.pace = FIRST_PACE
        self.waiting = 0
        self.batches = 0
        self._executor = executor
        self._settings = settings
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
        return await job.verdicts

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

    async def _gather(self) -> list[_Job]:
        """The first job, and those that come within the window."""
        batch = [await self._jobs.get()]
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.window
        while _rows(batch) < self._settings.batch_rows and (left := until - loop.time()) > 0:
            try:
                batch.append(await asyncio.wait_for(self._jobs.get(), left))
            except TimeoutError:
                break
        return batch

    def _take_what_is_there(self, batch: list[_Job]) -> None:
        while _rows(batch) < self._settings.batch_rows and not self._jobs.empty():
            batch.append(self._jobs.get_nowait())

    async def _score(self, batch: list[_Job]) -> None:
        loop = asyncio.get_running_loop()
        records = [record for job in batch for record in job.records]
        started = loop.time()
        try:
            verdicts = await loop.run_in_executor(self._executor, partial(_all, self.judge, records))
        except Exception as error:  # noqa: BLE001 (whatever it is, those who wait must hear of it)
            self._fail(batch, error)
        else:
            self._deliver(batch, verdicts)
            self.pace = len(records) / max(loop.time() - started, 1e-6)
        self.waiting -= len(records)
        self.batches += 1

    @staticmethod
    def _deliver(batch: Sequence[_Job], verdicts: Sequence[Verdict]) -> None:
        start = 0
        for job in batch:
            if not job.verdicts.done():  # a client that has left
                job.verdicts.set_result(list(verdicts[start : start + len(job.records)]))
            start += len(job.records)

    @staticmethod
    def _fail(batch: Sequence[_Job], error: Exception) -> None:
        for job in batch:
            if not job.verdicts.done():
                job.verdicts.set_exception(error)


def _rows(batch: Sequence[_Job]) -> int:
    return sum(len(job.records) for job in batch)


def _all(judge: Judge, records: Sequence[Record]) -> list[Verdict]:
    return list(judge.score(records))
