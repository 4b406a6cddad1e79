"""Work done by several threads at once, its results in order, with few items read ahead."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from guardrank.console import say

_In = TypeVar("_In")
_Out = TypeVar("_Out")

AHEAD = 4
"""Items read ahead for each thread, so that one slow item does not idle the others at once."""


def map_in_order(
    work: Callable[[_In], _Out], items: Iterable[_In], threads: int, stop: threading.Event
) -> Generator[_Out, None, None]:
    """``work(item)`` for each item, in order, with up to ``threads`` at once.

    When some work raises, or the reader leaves or is interrupted, ``stop`` is set, nothing new begins, and what is
    under way is waited for. What is returned after an error is not passed on.
    """
    waiting: deque[Future[_Out]] = deque()
    errors: list[BaseException] = []

    def try_to_work(item: _In) -> _Out:
        if stop.is_set():
            raise CancelledError
        try:
            return work(item)
        except BaseException as error:
            errors.append(error)
            stop.set()
            raise

    def next_result() -> _Out:
        future = waiting.popleft()
        wait([future])
        if errors:
            raise errors[0]
        return future.result()

    pool = ThreadPoolExecutor(threads, thread_name_prefix="chat-judge")
    try:
        for item in items:
            waiting.append(pool.submit(try_to_work, item))
            if len(waiting) >= AHEAD * threads:
                yield next_result()
        while waiting:
            yield next_result()
    except KeyboardInterrupt:
        say("Interrupted: waiting for the answers under way, which are paid for")
        raise
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
