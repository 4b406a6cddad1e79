"""Killed at any moment, a run pays again for what was under way and for nothing else."""

import os
import signal
import subprocess
import sys
import time

import pytest
from tests_support.chat_server import Reply, by_response

ROWS, CONCURRENCY = 120, 4
SCORE = """
import signal, sys
from pathlib import Path
from guardrank.llm_judge import ChatJudge, ChatSettings
from guardrank.records import Record

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born deaf to it
url, cache, rows, concurrency = sys.argv[1:]
settings = ChatSettings(model="tiny", base_url=url, cache=Path(cache), concurrency=int(concurrency), progress=False)
rows = [Record(id=f"r{i}", response=f"response {i}", dimension="bias") for i in range(int(rows))]
for verdict in ChatJudge(settings).score(rows):
    print(verdict.id, verdict.score, flush=True)
"""


def start(server, tmp_path):
    command = [sys.executable, "-c", SCORE, server.url, tmp_path / "answers", ROWS, CONCURRENCY]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("after", [1, 37, 90])
def test_only_what_was_under_way_is_paid_again(server, tmp_path, after):
    server.reply = lambda asked: Reply(by_response(asked).body, after=0.01)
    killed = start(server, tmp_path)
    deadline = time.monotonic() + 120
    while sum(server.answered.values()) < after:
        assert time.monotonic() < deadline and killed.poll() is None, killed.stderr.read()
        time.sleep(0.001)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    first = server.settled()
    assert after <= first < ROWS
    out, err = start(server, tmp_path).communicate()
    assert err == ""
    assert out.split("\n")[:-1] == [f"r{i} {i % 4}" for i in range(ROWS)]
    assert len(server.answered) == ROWS
    paid_twice = server.settled() - ROWS
    assert 0 <= paid_twice <= CONCURRENCY
    assert max(server.answered.values()) <= 2
    files = [path for path in (tmp_path / "answers").rglob("*.json") if not path.name.startswith(".")]
    assert len(files) == ROWS


def test_interrupted_it_keeps_what_is_under_way(server, tmp_path):
    server.reply = lambda asked: Reply(by_response(asked).body, after=0.2)
    interrupted = start(server, tmp_path)
    while sum(server.answered.values()) < 5:
        time.sleep(0.001)
    interrupted.send_signal(signal.SIGINT)
    _, err = interrupted.communicate()
    assert "waiting for the answers under way, which are paid for" in err
    assert server.settled() < ROWS
    server.reply = by_response
    start(server, tmp_path).communicate()
    assert server.settled() == ROWS  # nothing was paid twice
