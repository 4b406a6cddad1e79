"""The purse: spent and set aside never exceed the limit, whatever the threads do."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from guardrank.llm_judge.purse import Purse


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=40), st.integers(0, 40), st.integers(1, 5)
)
def test_the_limit_holds(costs, limit, threads):
    """Costs in whole dollars: the most a request can cost, and what it does cost, never more."""
    purse, refused = Purse(limit), []

    def spend(cost):
        most, real = max(cost), min(cost)
        if not purse.reserve(most):
            refused.append(most)
            return 0
        assert purse.spent <= limit
        purse.settle(most, real)
        return real

    with ThreadPoolExecutor(threads) as pool:
        spent = sum(pool.map(spend, costs))
    assert purse.spent == spent <= limit
    assert refused or sum(min(cost) for cost in costs) == spent


def test_what_is_under_way_is_waited_for():
    purse = Purse(10.0)
    assert purse.reserve(8.0)
    threading.Thread(target=lambda: (time.sleep(0.05), purse.settle(8.0, 1.0))).start()
    assert purse.reserve(8.0)  # 1 spent, 8 set aside
    purse.settle(8.0, 8.0)
    assert purse.spent == 9.0


def test_once_empty_it_stays_shut():
    """Were short records still let through, those judged would no longer be a fair sample."""
    purse = Purse(10.0)
    assert not purse.reserve(11.0)
    assert not purse.reserve(1.0)


def test_no_limit():
    purse = Purse()
    assert purse.reserve(1e9)
    purse.settle(1e9, 5.0)
    assert purse.spent == 5.0
