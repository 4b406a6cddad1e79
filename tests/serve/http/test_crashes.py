"""What nobody foresaw: an answer in our form, and a line in the log, both without a word of what was judged."""

import json

import httpx
import pytest
from starlette.testclient import TestClient
from tests_support.serving import Running

from guardrank.judge import load_judge
from guardrank.serve.http.app import create_app
from guardrank.serve.http.crashes import MAX_ERRORS, MAX_FRAMES, crash_lines
from guardrank.serve.http.settings import ServiceSettings
from guardrank.serve.http.telemetry import RequestLog, Telemetry

SECRET = "very private"
BODY = {"records": [{"prompt": SECRET, "response": SECRET, "dimension": "bias"}]}


class Failing:
    """The judge of the package, until it has to judge."""

    def __init__(self, judge):
        self.judge = judge

    def __getattr__(self, name):
        return getattr(self.judge, name)

    def score(self, records):
        try:
            raise KeyError(records[0].prompt)
        except KeyError as error:
            raise ValueError(f"cannot judge {records[0].response!r}") from error


@pytest.fixture
def failing():
    return create_app([Failing(load_judge("guardrank-mini", device="cpu"))], ServiceSettings())


def crashes_in(log):
    assert SECRET not in log and "Traceback" not in log and "ASGI" not in log, log
    return [json.loads(line)["crash"] for line in log.splitlines() if "crash" in line]


@pytest.mark.parametrize(("path", "body"), [("v1/score", BODY), ("v1/moderations", {"input": SECRET})])
def test_a_judge_that_breaks_is_a_500_without_the_text_and_the_log_says_where(failing, path, body, capfd):
    running = Running()
    running.server.config.app = failing
    with running as service:
        answer = httpx.post(service.url + path, json=body)
        alive = httpx.get(f"{service.url}healthz")
    assert answer.status_code == 500 and answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "error": {"message": "the service failed; its log says where", "type": "server_error", "field": None}
    }
    assert alive.status_code == 200
    ((outer, inner),) = crashes_in(capfd.readouterr().err)
    assert (outer["type"], inner["type"]) == ("ValueError", "KeyError")
    assert outer["frames"][-1].endswith(" score") and "test_crashes.py:" in outer["frames"][-1]
    assert any("batcher.py:" in frame for frame in outer["frames"])


def test_a_crash_is_counted(failing):
    with TestClient(failing) as client:
        client.post("/v1/score", json=BODY)
        text = client.get("/metrics").text
    assert 'guardrank_requests_total{path="/v1/score",status="500"}' in text and SECRET not in text


def test_an_answer_that_breaks_off_is_no_whole_answer(capfd):
    async def half(scope, receive, send):
        assert scope["type"] == "http"  # uvicorn goes on without a lifespan
        headers = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError(SECRET)

    running = Running()
    running.server.config.app = RequestLog(half, Telemetry({}))
    with running as service, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(service.url)
    log = capfd.readouterr().err
    assert SECRET not in log and '"type":"RuntimeError"' in log


def test_the_log_stays_short():
    def deeper(n):
        return deeper(n - 1) if n else [][1]

    def chained(n):
        try:
            deeper(3) if n == 0 else chained(n - 1)
        except IndexError as error:
            raise IndexError from error

    with pytest.raises(IndexError) as deep:
        deeper(100)
    assert len(crash_lines(deep.value)[0]["frames"]) == MAX_FRAMES
    with pytest.raises(IndexError) as long:
        chained(20)
    assert len(crash_lines(long.value)) == MAX_ERRORS


def test_a_cause_that_was_put_aside_is_left_out():
    with pytest.raises(ValueError) as found:
        try:
            [][0]
        except IndexError:
            raise ValueError from None
    assert [line["type"] for line in crash_lines(found.value)] == ["ValueError"]
