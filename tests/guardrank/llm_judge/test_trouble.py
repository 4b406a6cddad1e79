"""Retry-After in both of its forms."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from tests_support.chat_server import failing, in_turn, scored

from guardrank.llm_judge.trouble import read_retry_after

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Tue, 24 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Tue, 24 Nov 2026 11:00:00 GMT"}, 0.0),  # passed already
        # the server's clock is 5 minutes fast: 10 seconds by its own reckoning
        ({"retry-after": "Tue, 24 Nov 2026 12:05:10 GMT", "date": "Tue, 24 Nov 2026 12:05:00 GMT"}, 10.0),
        ({"retry-after": "Tue, 24 Nov 2026 12:00:30"}, 30.0),
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert read_retry_after(headers, NOW) == seconds


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_it_is_waited_for(judge, server, records, form):
    headers = {"Retry-After": "1"}
    if form == "date":  # by the clock of the server, whatever ours says
        headers = {"Retry-After": "Tue, 24 Nov 2026 12:00:01 GMT", "Date": "Tue, 24 Nov 2026 12:00:00 GMT"}
    server.reply = in_turn(failing(429, headers=headers), scored(2))
    assert [verdict.score for verdict in judge().score(records(1))] == [2]
    first, second = [asked.at for asked in server.asked]
    assert 1.0 <= second - first < 3.0


def test_backoff_doubles_with_jitter(judge, server, records):
    server.reply = in_turn(failing(500))
    list(judge(attempts=4, first_wait=0.1).score(records(1)))
    at = [asked.at for asked in server.asked]
    waits = [after - before for before, after in pairwise(at)]
    for wait, longest in zip(waits, (0.1, 0.2, 0.4), strict=True):
        assert longest / 2 <= wait < longest + 0.15
