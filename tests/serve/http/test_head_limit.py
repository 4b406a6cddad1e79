"""A client that never ends its request's head is shown the door; one that rests between requests is not."""

import re
import socket
import time
from contextlib import closing

import pytest
from tests_support.serving import Running

from guardrank.serve.http import head_limit

ASK = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def connect(monkeypatch):
    monkeypatch.setattr(head_limit, "HEAD_SECONDS", 0.4)
    with Running() as service:
        host, port = re.fullmatch(r"http://(.*):(\d+)/", service.url).groups()
        yield lambda: closing(socket.create_connection((host, int(port)), timeout=10))


def everything(client):
    parts = []
    while part := client.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def one_answer(client):
    said = b""
    while b'"ok"}' not in said and (part := client.recv(65_536)):
        said += part
    return said


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", ASK[:-2] + b"X-Slow: a"])
def test_half_a_head_ends_in_408(connect, sent):
    with connect() as client:
        client.sendall(sent)
        answer = everything(client)
    assert answer.startswith(b"HTTP/1.1 408 ") and b"took longer than 0.4 s" in answer


def test_drops_of_a_head_do_not_extend_its_time(connect):
    started = time.monotonic()
    with connect() as client:
        for drop in ASK[:-2]:
            try:
                client.sendall(bytes([drop]))
            except OSError:
                break
            time.sleep(0.05)
    assert time.monotonic() - started < 0.05 * len(ASK)


def test_the_time_is_each_request_s_own(connect):
    with connect() as client:
        for _ in range(3):
            client.sendall(ASK[:10])
            time.sleep(0.25)
            client.sendall(ASK[10:])
            assert one_answer(client).startswith(b"HTTP/1.1 200 ")
        time.sleep(0.6)  # idle between requests: uvicorn's keep-alive bounds that
        client.sendall(ASK)
        assert one_answer(client).startswith(b"HTTP/1.1 200 ")
        client.sendall(ASK[:10])
        assert everything(client).startswith(b"HTTP/1.1 408 ")
