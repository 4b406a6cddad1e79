"""guardrank-serve as a process: it starts, ends in good order under load, and stands bad clients."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx
import psutil
import pytest

ROW = {"prompt": "Hi", "response": "Hello there, have a nice day.", "dimension": "toxicity"}
JSON = {"Content-Type": "application/json"}


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(*options, log=subprocess.DEVNULL, **environment):
    """A service of its own process, which logs into the file ``log``; yields the process and its address."""
    port = free_port()
    command = [sys.executable, "-m", "guardrank.serve.http.serve_command", "--port", str(port), *map(str, options)]
    process = subprocess.Popen(command, stderr=log, env=os.environ | environment)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None and time.monotonic() < deadline, "it does not start"
            try:
                if httpx.get(f"{url}/readyz").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield process, url
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def service():
    with serving("--max-body", "1") as running:
        yield running


def still_serves(url):
    answer = httpx.post(f"{url}/v1/score", json={"records": [ROW]}, timeout=30)
    return answer.status_code == 200 and answer.json()["verdicts"][0]["score"] is not None


def test_term_under_load_answers_all_that_was_accepted(tmp_path):
    with (
        (tmp_path / "log").open("wb") as log,
        serving(log=log) as (process, url),
        ThreadPoolExecutor(8) as clients,
    ):
        going = threading.Event()
        answers = []

        def ask(number):
            rows = [ROW | {"id": f"{number}-{i}"} for i in range(16)]
            for _ in range(200):
                try:
                    answer = httpx.post(f"{url}/v1/score", json={"records": rows}, timeout=60)
                except httpx.HTTPError:  # no longer listening, or it was in the queue of the door as that closed
                    return
                if answer.status_code == 503:
                    return
                answers.append(
                    [verdict["id"] for verdict in answer.json()["verdicts"]] == [row["id"] for row in rows]
                )
                going.set()

        asked = [clients.submit(ask, number) for number in range(8)]
        assert going.wait(30)
        process.send_signal(signal.SIGTERM)
        for each in asked:
            each.result(60)
        assert process.wait(30) in (0, -signal.SIGTERM)
    logged = [json.loads(line) for line in (tmp_path / "log").read_bytes().splitlines() if line.startswith(b"{")]
    accepted = [line["status"] for line in logged if line["path"] == "/v1/score"]
    assert set(accepted) <= {200, 503} and accepted.count(200) == len(answers) > 0 and all(answers)


def test_a_body_of_200_mb_is_refused_in_little_memory(service):
    process, url = service
    before = psutil.Process(process.pid).memory_info().rss

    def parts():
        for _ in range(200):
            yield b"x" * 1_000_000

    try:
        answer = httpx.post(f"{url}/v1/score", content=parts(), headers=JSON, timeout=60)
        assert answer.status_code == 413
    except httpx.HTTPError:  # it hung up before all was sent, which is its right
        pass
    assert psutil.Process(process.pid).memory_info().rss - before < 50_000_000
    assert still_serves(url)


@pytest.mark.parametrize(
    "sent",
    [
        b'POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"rec',
        b'POST /v1/score HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"rec\r\n',
        b"POST /v1/score HT",
        b"\x00\x01\x02\x03 garbage \xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Long: " + b"a" * 200_000,
    ],
)
def test_half_a_request_hurts_nobody(service, sent):
    _, url = service
    host, port = re.fullmatch(r"http://(.*):(\d+)", url).groups()
    with closing(socket.create_connection((host, int(port)))) as client:
        client.sendall(sent)
        assert still_serves(url)
    assert still_serves(url)


def test_many_slow_clients_leave_the_others_alone(service):
    _, url = service
    host, port = re.fullmatch(r"http://(.*):(\d+)", url).groups()
    head = b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    slow = [socket.create_connection((host, int(port))) for _ in range(100)]
    for client in slow:
        client.sendall(head + b"{")
    started = time.monotonic()
    assert still_serves(url) and time.monotonic() - started < 10
    for client in slow:
        client.close()


def test_strangers_are_not_let_in_without_a_token():
    command = [sys.executable, "-m", "guardrank.serve.http.serve_command", "--host", "0.0.0.0"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2 and "GUARDRANK_TOKEN" in ended.stderr and len(ended.stderr.splitlines()) == 1


def test_overload_is_shed_and_over_when_it_ends():
    with serving("--queue-rows", "64") as (_, url), ThreadPoolExecutor(24) as clients:
        rows = [ROW | {"id": str(i)} for i in range(32)]

        def ask(_):
            answer = httpx.post(f"{url}/v1/score", json={"records": rows}, timeout=120)
            return answer.status_code, answer.headers.get("Retry-After"), answer.json()

        found = list(clients.map(ask, range(72)))
        assert {status for status, *_ in found} == {200, 503}
        assert all(int(after) >= 1 for status, after, _ in found if status == 503)
        whole = [said["verdicts"] for status, _, said in found if status == 200]
        assert all([verdict["id"] for verdict in verdicts] == [str(i) for i in range(32)] for verdicts in whole)
        assert json.dumps(whole[0]) == json.dumps(whole[-1]) and still_serves(url)
