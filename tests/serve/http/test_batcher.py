"""Requests are scored together, in order, within bounds; nothing that was accepted is lost."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from guardrank.records import Record, Verdict
from guardrank.serve.http.batcher import Batcher, ClosingError, QueueFullError, tokens_about
from guardrank.serve.http.settings import ServiceSettings


class Slow:
    """A judge that scores by the length of the response, in ``seconds`` a batch."""

    name, dimensions = "slow@1", frozenset({"toxicity"})

    def __init__(self, seconds=0.02):
        self.seconds, self.batches, self.at_once, self.most = seconds, [], 0, 0
        self.lock = threading.Lock()

    def score(self, records):
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(self.seconds)
        self.batches.append(len(records))
        with self.lock:
            self.at_once -= 1
        if any(record.response == "fail" for record in records):
            raise RuntimeError("the judge broke")
        return [Verdict(id=record.id, score=len(record.response) % 4, judge=self.name) for record in records]


def records(*lengths):
    return [Record(id=str(n), response="x" * n, dimension="toxicity") for n in lengths]


def with_batcher(work, judge=None, **settings):
    """Run ``work(batcher)`` in a loop with a batcher at work."""
    judge = judge or Slow()

    async def main():
        with ThreadPoolExecutor(1) as executor:
            batcher = Batcher(judge, executor, ServiceSettings(**{"window": 0.01} | settings))
            batcher.start()
            try:
                return await work(batcher)
            finally:
                await batcher.close()

    return asyncio.run(main())


def test_each_request_gets_its_own_verdicts_in_order():
    async def work(batcher):
        return await asyncio.gather(*(batcher.score(records(i, i + 1, i + 2)) for i in range(20)))

    found = with_batcher(work)
    assert [[one.id for one in verdicts] for verdicts in found] == [
        [str(i), str(i + 1), str(i + 2)] for i in range(20)
    ]


def test_requests_that_arrive_together_are_scored_together_one_batch_at_a_time():
    judge = Slow()

    async def work(batcher):
        await asyncio.gather(*(batcher.score(records(i)) for i in range(30)))

    with_batcher(work, judge)
    assert len(judge.batches) <= 3 and sum(judge.batches) == 30 and judge.most == 1


def test_a_batch_has_a_budget_of_tokens():
    judge = Slow()

    async def work(batcher):
        await asyncio.gather(*(batcher.score(records(*[39] * 5)) for _ in range(10)))

    with_batcher(work, judge, batch_tokens=70)
    assert judge.batches == [7] * 7 + [1]  # 39 letters are some ten tokens


def test_a_large_request_is_scored_in_shares_in_order_and_a_small_one_does_not_wait_for_all_of_it():
    judge = Slow()

    async def work(batcher):
        large = asyncio.create_task(batcher.score(records(*range(200))))
        await asyncio.sleep(0)
        small = await batcher.score(records(1))
        assert not large.done()
        return small, await large

    small, large = with_batcher(work, judge, batch_tokens=100)
    assert [one.id for one in small] == ["1"]
    assert [one.id for one in large] == [str(n) for n in range(200)]
    assert len(judge.batches) > 10 and sum(judge.batches) == 201


def test_a_record_costs_no_more_than_the_judge_reads():
    cheap, dear = (Record(response=text, dimension="bias") for text in ("你好", "x" * 100_000))
    assert (tokens_about(cheap, 96), tokens_about(dear, 96)) == (2, 96)


def test_what_does_not_fit_is_refused_with_the_time_to_wait():
    async def work(batcher):
        first = asyncio.create_task(batcher.score(records(*range(8))))
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError) as full:
            await batcher.score(records(*range(8)))
        assert full.value.retry_after >= 1
        return await first

    assert len(with_batcher(work, queue_rows=10)) == 8


def test_a_request_larger_than_the_queue_is_taken_when_nothing_waits():
    async def work(batcher):
        return await batcher.score(records(*range(50)))

    assert len(with_batcher(work, queue_rows=10)) == 50


def test_closing_scores_what_was_accepted_and_takes_nothing_new():
    async def work(batcher):
        accepted = [asyncio.create_task(batcher.score(records(i))) for i in range(10)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(ClosingError):
            await batcher.score(records(1))
        await closing
        return await asyncio.gather(*accepted)

    assert len(with_batcher(work, Slow(0.1))) == 10


def test_an_error_of_the_judge_reaches_those_who_wait_and_the_next_are_served():
    async def work(batcher):
        with pytest.raises(RuntimeError, match="the judge broke"):
            await batcher.score([Record(response="fail", dimension="toxicity")])
        return await batcher.score(records(2))

    assert with_batcher(work)[0].score == 2


def test_after_an_error_the_rest_of_a_large_request_is_not_scored_and_does_not_fill_the_queue():
    judge = Slow()

    async def work(batcher):
        with pytest.raises(RuntimeError):
            await batcher.score([Record(response="fail", dimension="toxicity"), *records(*[40] * 99)])
        assert await batcher.score(records(2))
        assert batcher.waiting == 0

    with_batcher(work, judge, batch_tokens=100)
    assert sum(judge.batches) < 40


def test_a_client_that_has_left_disturbs_nobody():
    async def work(batcher):
        gone = asyncio.create_task(batcher.score(records(1)))
        stays = asyncio.create_task(batcher.score(records(2)))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert with_batcher(work)[0].score == 2


def test_no_records_are_no_work():
    async def work(batcher):
        return await batcher.score([])

    assert with_batcher(work) == []
