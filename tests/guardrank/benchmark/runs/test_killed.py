"""Killed with -9 at ten moments, a run loses no case and doubles none."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from tests_support.benchmark import privacy_folder
from tests_support.chat_server import ChatServer, completion

CASES, KILLS = 60, 10
SLOW = """
import time
class Slow:
    def answer(self, prompt, images):
        time.sleep(0.01)
        return f"I see {images[0].size}: {prompt}"
"""


def lines(path):
    """The whole lines of the file."""
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def begin(folder, model, *options):
    command = ["run", "--model", model, "--tasks", "tasks", "-o", "run", "--no-judge", *options]
    return subprocess.Popen(
        [sys.executable, "-m", "guardrank.benchmark.cli", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "OPENAI_API_KEY": "none"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_in_the_middle(process, path, chance):
    """Kill once a few more lines are there, at no particular point of the next one."""
    wanted = len(lines(path)) + chance.randint(1, 4)
    deadline = time.monotonic() + 60
    while len(lines(path)) < wanted and process.poll() is None:
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.0005)
    time.sleep(chance.random() * 0.012)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["class", "server"])
def test_killed_and_resumed_no_case_is_lost_or_doubled(tmp_path, kind):
    (tmp_path / "slow_models.py").write_text(SLOW)
    privacy_folder(tmp_path / "tasks", CASES)
    path, chance = tmp_path / "run" / "responses.jsonl", random.Random(kind)
    with ChatServer(lambda asked: completion(f"I see: {asked.text}")) as server:
        spec = {
            "class": ("python:slow_models:Slow",),
            "server": ("openai:tiny", "--base-url", server.url, "--concurrency", "4"),
        }[kind]
        if kind == "server":
            server.reply = lambda asked: time.sleep(0.05) or completion(f"I see: {asked.text}")
        kills = sum(kill_in_the_middle(begin(tmp_path, *spec), path, chance) for _ in range(KILLS))
        before = len(lines(path))
        assert kills == KILLS and before < CASES, "it was over before it was killed"
        assert begin(tmp_path, *spec).wait(120) == 0
    responses = [json.loads(line) for line in lines(path)]
    asked = [json.loads(line)["id"] for line in lines(tmp_path / "run" / "cases.jsonl")]
    assert len(asked) == CASES
    assert Counter(one["id"] for one in responses) == Counter(asked)
    assert all(one["response"].startswith("I see") for one in responses)
