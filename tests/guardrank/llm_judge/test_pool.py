"""Several threads, results in order, little read ahead, and nothing begun after an error."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.llm_judge.pool import map_in_order


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 6))
def test_results_are_in_order(delays, threads):
    items = list(enumerate(delays))

    def work(item):
        time.sleep(item[1] / 2000)
        return item

    assert list(map_in_order(work, items, threads, threading.Event())) == items


def test_an_error_stops_the_rest():
    begun, stop = [], threading.Event()

    def work(item):
        begun.append(item)
        if item == 3:
            raise ValueError("three")
        return item

    seen = []
    with pytest.raises(ValueError, match="three"):
        for result in map_in_order(work, range(100), 1, stop):
            seen.append(result)
    assert stop.is_set()
    assert begun == [0, 1, 2, 3]
    assert seen == list(range(len(seen))) and 3 not in seen


def test_what_is_done_after_an_error_is_not_passed_on():
    stop = threading.Event()

    def work(item):
        if item == 1:
            raise ValueError("one")
        stop.wait()
        return "stopped"

    results = map_in_order(work, range(2), 2, stop)
    with pytest.raises(ValueError, match="one"):
        next(results)


def test_a_reader_who_leaves_waits_for_what_is_under_way():
    ended, stop = [], threading.Event()

    def work(item):
        time.sleep(0.02)
        ended.append(item)
        return item

    results = map_in_order(work, range(100), 4, stop)
    assert next(results) == 0
    results.close()
    count = len(ended)
    assert stop.is_set() and count < 100
    time.sleep(0.05)
    assert len(ended) == count
