"""Bodies made to hurt: each is a clear refusal in our form, at once, and none is repeated in the answer."""

import json
import re
import socket
import time
from contextlib import closing
from http.client import HTTPResponse

import pytest
from starlette.testclient import TestClient
from tests_support.serving import Running

from guardrank.judge import load_judge
from guardrank.serve.http.app import create_app
from guardrank.serve.http.settings import ServiceSettings

JSON = {"Content-Type": "application/json"}
RECORD = '{"response": "x", "dimension": "bias"}'
BODY = 8 * 1024 * 1024
"""Bytes that a body may have."""


@pytest.fixture(scope="module")
def client():
    judge = load_judge("guardrank-mini", device="cpu")
    with TestClient(create_app([judge], ServiceSettings())) as running:
        yield running


def post(client, body, path="/v1/score", headers=JSON):
    return client.post(path, content=body, headers=headers)


def refused(answer, *statuses):
    """The error, whose form is checked."""
    assert answer.status_code in (statuses or (422,)), answer.text[:300]
    assert answer.headers["content-type"] == "application/json"
    (error,) = answer.json().values()
    assert set(error) == {"message", "type", "field"} and len(error["message"]) < 500
    assert error["type"] == "invalid_request_error"
    return error


def filled(start, item, end, size=BODY):
    return f"{start}{','.join([item] * ((size - len(start) - len(end)) // (len(item) + 1)))}{end}"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/score", filled('{"records":[', "{}", "]}")),
        ("/v1/score", filled('{"records":[', RECORD, "]}")),
        ("/v1/score", filled('{"records":[{"dimension":"bias","response":"x","annotations":[', '""', "]}]}")),
        ("/v1/score", "{" + ",".join(f'"{i:x}":1' for i in range(BODY // 10)) + "}"),
        ("/v1/moderations", filled('{"input":[', "1", "]}")),
        ("/v1/moderations", filled('{"input":[', '""', "]}")),
        ("/v1/moderations", filled('{"input":[', '{"type":"text","text":""}', "]}")),
    ],
    ids=["empty records", "records", "annotations", "fields", "numbers", "texts", "parts"],
)
def test_a_body_of_many_small_things_is_refused_at_once(client, path, body):
    """Before their number was bounded, pydantic noted an error for each: up to 45 s and 12 GB."""
    started = time.monotonic()
    assert refused(post(client, body, path)) == {
        "message": "body: more than 100,000 values",
        "type": "invalid_request_error",
        "field": "body",
    }
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/score", filled('{"records":[', "{}", "]}", 200_000), "records.0.response"),
        ("/v1/score", filled('{"records":[', RECORD, "]}", 200_000), "records"),
        ("/v1/moderations", filled('{"input":[', "1", "]}", 150_000), "input.0"),
        ("/v1/moderations", filled('{"input":[', '""', "]}", 150_000), "input"),
        ("/v1/moderations", '{"input": 1}', "input"),
        ("/v1/moderations", '{"input": [{"type": "text", "text": 5}]}', "input.0.text"),
        ("/v1/score", '{"records": [{"response": "x", "dimension": "bias", "role": "third"}]}', "records.0.role"),
        ("/v1/moderations", json.dumps({"input": "x" * 200_001}), "input"),
    ],
)
def test_a_little_less_names_the_first_thing_at_fault(client, path, body, field):
    assert refused(post(client, body, path))["field"] == field


def test_nesting_has_the_bound_of_the_offline_engine(client):
    def nested(levels):
        return f'{{"records": [{{"response": "x", "dimension": "bias", "meta": {"[" * levels}{"]" * levels}}}]}}'

    assert post(client, nested(60)).status_code == 200
    assert "nested more than" in refused(post(client, nested(70)))["message"]
    refused(post(client, nested(900)))
    assert refused(post(client, nested(100_000)))["field"] is None  # orjson refuses: no JSON


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application", "/"],
)
def test_another_content_type_is_named_as_the_reason(client, kind):
    answer = post(client, f'{{"records": [{RECORD}]}}', headers={"Content-Type": kind})
    assert "Content-Type must be application/json" in refused(answer, 415)["message"]


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"]
)
def test_json_by_any_name_is_read(client, kind):
    assert post(client, f'{{"records": [{RECORD}]}}', headers={"Content-Type": kind}).status_code == 200


def test_the_last_of_two_equal_keys_counts_as_offline(client):
    answer = post(
        client, '{"records": [{"id": "a", "id": "b", "response": "x", "dimension": "bias"}], "judge": null}'
    )
    assert answer.json()["verdicts"][0]["id"] == "b"


def test_huge_numbers_are_names_or_refused_and_never_an_error_of_ours(client):
    for number in ("1" * 4_000, "-" + "9" * 25, "1e308", "18446744073709551616"):
        answer = post(client, f'{{"records": [{{"id": {number}, "response": {number}, "dimension": "bias"}}]}}')
        assert answer.status_code in (200, 422)
    answer = post(client, f'{{"records": [{{"fold": {"1" * 300}, "response": "x", "dimension": "bias"}}]}}')
    assert answer.status_code == 200  # what no judge reads is passed over


def test_fields_that_nobody_reads_may_hold_anything(client):
    row = {"response": "x", "dimension": "bias"}
    odd = {"human": [5, 1], "annotations": "none", "fold": "x", "judges": [], "meta": 3, "options": {"a": [1]}}
    plain, other = post(client, json.dumps({"records": [row, row | odd]})).json()["verdicts"]
    assert plain == other


@pytest.mark.parametrize(
    "name", ["é" * 5_000, "\u202e\u0000\n\U0001f600" * 100, "<script>alert(1)</script>", "a.b.0", "", "str", "0"]
)
def test_strange_names_of_fields_come_back_short_and_whole(client, name):
    error = refused(post(client, json.dumps({"records": [], name: 1})))
    assert error["field"] == (name[:200] or None)
    assert "Extra inputs" in error["message"]


def test_a_lone_surrogate_in_a_name_is_no_json(client):
    assert "no JSON at character" in refused(post(client, '{"records": [], "\\ud800": 1}'))["message"]
    assert "no JSON at character" in refused(post(client, b'{"records": [], "\xff": 1}'))["message"]


def test_a_response_in_the_wrong_field_is_not_repeated(client):
    private = 'it\'s "very" private ' * 20
    for record in ({"response": "x", "dimension": private}, {"response": {"a": private}, "dimension": "bias"}):
        answer = post(client, json.dumps({"records": [record]}))
        assert "private" not in answer.text and refused(answer)["field"].startswith("records.0.")


@pytest.mark.parametrize("length", ["9" * 5_000, "9" * 20, "1e9"])
def test_an_announced_length_may_be_any_number(client, length):
    answer = client.get("/healthz", headers={"Content-Length": length})
    assert answer.status_code in (200, 413)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/never", 404),
        ("GET", "/v1/score/", 404),
        ("GET", "/page/never.js", 404),
        ("GET", "/redoc", 404),
        ("GET", "/v1/score", 405),
        ("DELETE", "/v1/judges", 405),
        ("BREW", "/v1/score", 405),
    ],
)
def test_what_is_not_there_is_said_in_the_same_form(client, method, path, status, capfd):
    answer = client.request(method, path, follow_redirects=False)
    refused(answer, status)
    assert ("allow" in answer.headers) == (status == 405)
    assert "BREW" not in capfd.readouterr().err


def test_a_body_that_takes_too_long_is_refused():
    with Running(body_seconds=0.3) as service:
        host, port = re.fullmatch(r"http://(.*):(\d+)/", service.url).groups()
        with closing(socket.create_connection((host, int(port)), timeout=30)) as slow:
            slow.sendall(b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
            answer = HTTPResponse(slow)
            answer.begin()
            error = json.loads(answer.read())["error"]
    assert answer.status == 408 and error["field"] is None and "0.3 s" in error["message"]
