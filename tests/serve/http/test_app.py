"""The endpoints, with the judge of the package: verdicts, moderation, limits, errors of one form."""

import json

import openai
import pytest
from starlette.testclient import TestClient

from guardrank.judge import Panel, load_judge
from guardrank.records import Record, verdict_line
from guardrank.serve.http.app import create_app
from guardrank.serve.http.settings import ServiceSettings

ROWS = [
    {"id": "1", "prompt": "How do I fix a tyre?", "response": "Take the wheel off first.", "dimension": "legality"},
    {"id": "2", "prompt": "你好", "response": "你好！", "dimension": "toxicity", "lang": "zh"},
    {"id": "3", "response": "I hate all of them.", "dimension": "bias", "model": "m", "subtask": "Prejudice"},
]


@pytest.fixture(scope="module")
def judge():
    return load_judge("guardrank-mini", device="cpu")


def client_of(judge, **settings):
    return TestClient(create_app([judge], ServiceSettings(**settings), {judge.name: "# card"}))


@pytest.fixture(scope="module")
def client(judge):
    with client_of(judge) as running:
        yield running


def error_of(response, status):
    assert response.status_code == status, response.text
    assert set(response.json()) == {"error"} and response.json()["error"]["message"]
    return response.json()["error"]


def test_verdicts_are_those_of_the_offline_engine(client, judge):
    answer = client.post("/v1/score", json={"records": ROWS})
    records = [Record.model_validate(row) for row in ROWS]
    offline = [verdict_line(*pair) for pair in zip(records, Panel([judge]).score(records), strict=True)]
    assert answer.status_code == 200
    assert answer.json()["verdicts"] == json.loads(json.dumps(offline))


def test_a_judge_is_named_with_or_without_its_hash(client, judge):
    for name in ("guardrank-mini", judge.name):
        assert client.post("/v1/score", json={"records": ROWS[:1], "judge": name}).status_code == 200
    assert (
        "there is none of this name"
        in error_of(client.post("/v1/score", json={"records": ROWS, "judge": "x"}), 404)["message"]
    )


def test_pair_tasks_go_to_the_rule(client):
    row = {"response": "A. cat", "dimension": "truthfulness", "subtask": "noise-consistency", "answer": "A"}
    (verdict,) = client.post("/v1/score", json={"records": [row | {"pair": "1", "role": "clean"}]}).json()[
        "verdicts"
    ]
    assert (verdict["judge"], verdict["score"], verdict["answer"]) == ("pair-rule", 0, "A")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"records": [{"dimension": "bias"}]}, "records.0.response"),
        ({"records": [ROWS[0], {"response": "x", "dimension": "cookery"}]}, "records.1.dimension"),
        ({"records": "x"}, "records"),
        ({}, "records"),
        ({"records": [], "more": 1}, "more"),
        ({"records": [{"response": "y" * 300, "dimension": "bias"}]}, "records.0.response"),
        ({"records": ROWS * 5}, "records"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_the_field_named(judge, body, field):
    with client_of(judge, chars=200, rows=10) as client:
        error = error_of(client.post("/v1/score", json=body), 422)
    assert error["field"] == field and "yyyy" not in error["message"]


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"records": ' + b"[" * 100_000, b"\0", b"", b"null", b"1e999"]
)
def test_a_body_that_is_no_request_is_a_clear_4xx(client, body):
    response = client.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422) and response.json()["error"]["message"]


def test_nul_is_a_character_and_half_a_character_is_none(client):
    for text, status in ((b"a\\u0000b", 200), (b"a\\ud800", 422), (b"\\ud83d\\ude00", 200)):
        body = b'{"records": [{"response": "' + text + b'", "dimension": "bias"}]}'
        response = client.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == status, text


def test_a_long_body_is_refused_before_it_is_read(judge):
    with client_of(judge, body_bytes=1000) as client:
        error_of(client.post("/v1/score", json={"records": ROWS * 10}), 413)

        def parts():
            for _ in range(100):
                yield b" " * 100

        error_of(client.post("/v1/score", content=parts()), 413)


def test_a_token_is_asked_for_everywhere_but_by_the_orchestrator(judge):
    with client_of(judge, token="secret-1") as client:
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        assert client.get("/docs").status_code == 200  # as the page at /, it asks for the token itself
        for path in ("/v1/judges", "/metrics", "/openapi.json", "/docs/", "/never"):
            error_of(client.get(path), 401)
        for wrong in ("Bearer secret-2", "Bearer ", "Basic secret-1", "secret-1"):
            error_of(client.post("/v1/score", json={"records": ROWS}, headers={"Authorization": wrong}), 401)
        right = {"Authorization": "Bearer secret-1"}
        assert client.post("/v1/score", json={"records": ROWS}, headers=right).status_code == 200


def test_moderations_by_the_openai_sdk(judge):
    with client_of(judge) as client:
        sdk = openai.OpenAI(api_key="none", base_url="http://testserver/v1", http_client=client)
        answer = sdk.moderations.create(input=["Have a nice day.", "我恨你们所有人"])
    assert answer.model == judge.name and len(answer.results) == 2
    first = answer.results[0]
    scores = first.category_scores.model_dump()
    assert {"hate", "violence", "illicit", "privacy", "legality"} <= {
        key for key, value in scores.items() if value is not None
    }
    categories = first.categories.model_dump()
    assert first.flagged == any(value for name, value in categories.items() if name != "truthfulness" and value)
    assert all(0 <= value <= 1 for value in scores.values() if value is not None)


def test_moderation_takes_all_forms_of_input(client):
    for given, count in (("x", 1), (["x", "y", "z"], 3), ([{"type": "text", "text": "x"}], 1), ([], 0)):
        assert len(client.post("/v1/moderations", json={"input": given}).json()["results"]) == count


def test_judges_say_what_they_are(client, judge):
    (found,) = client.get("/v1/judges").json()["judges"]
    assert (found["name"], found["hash"], found["card"]) == (judge.name, judge.content_hash, "# card")
    assert found["scales"]["truthfulness"] == 1 and found["scales"]["bias"] == 3


def test_metrics_count_and_hold_no_text(client):
    client.post("/v1/score", json={"records": [{"response": "very private", "dimension": "bias"}]})
    text = client.get("/metrics").text
    assert 'guardrank_requests_total{path="/v1/score",status="200"}' in text
    assert "guardrank_waiting_records" in text and "private" not in text


def test_the_log_has_a_line_a_request_and_no_text(client, capfd):
    client.post("/v1/score", json={"records": [{"response": "very private", "dimension": "bias"}]})
    client.get("/never?q=private")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(line["path"], line["status"]) for line in lines] == [("/v1/score", 200), ("other", 404)]
    assert lines[0]["rows"] == 1 and "private" not in repr(lines)


def test_texts_are_logged_only_when_asked_for(judge, capfd):
    with client_of(judge, log_texts=True) as running:
        running.post("/v1/score", json={"records": [{"prompt": "p\n", "response": "r", "dimension": "bias"}]})
    line = json.loads(capfd.readouterr().err)
    assert line["texts"] == [{"prompt": "p\n", "response": "r"}]


def test_openapi_shows_the_endpoints(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/v1/score", "/v1/moderations", "/v1/judges", "/healthz", "/readyz", "/metrics"} <= set(paths)


def test_a_statement_is_not_flagged_for_its_truth_which_nobody_can_tell_without_the_prompt(client):
    texts = ["The meeting is at 3 pm on Tuesday.", "The cat sat on the mat.", "You should rest and drink water."]
    results = client.post("/v1/moderations", json={"input": texts}).json()["results"]
    untrue = [one for one in results if [name for name, on in one["categories"].items() if on] == ["truthfulness"]]
    assert untrue and not any(one["flagged"] for one in untrue)
