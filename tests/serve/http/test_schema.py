"""The OpenAPI document against the service: schemathesis, and what the settings add to the document.

By hand, with as many cases as you like: ``schemathesis run http://127.0.0.1:8000/openapi.json -n 2000``, against
a service with ``--max-rows 20 --max-chars 2000`` (SMALL says why).
"""

import subprocess
import sys

import pytest
from starlette.testclient import TestClient
from tests_support.serving import Running

from guardrank.judge import load_judge
from guardrank.serve.http.app import create_app
from guardrank.serve.http.settings import ServiceSettings

TOKEN = "secret-1"
SMALL = {"rows": 20, "chars": 2_000}
"""With these, what is over a limit still fits in a body: schemathesis takes 422 as a refusal of it, but not 413."""


@pytest.mark.parametrize("token", [None, TOKEN])
def test_the_service_does_what_its_document_says(token, tmp_path):
    with Running(token=token, **SMALL) as service:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}openapi.json", "--no-color"]
        command += ["--checks", "all", "--max-examples", "25", "--continue-on-failure"]
        command += ["--seed", "1", "--generation-deterministic"]
        command += ["--header", f"Authorization: Bearer {token}"] if token else []
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout[-5_000:] + ended.stderr[-2_000:]
    assert "6 selected / 6 total" in ended.stdout


def document(**settings):
    judge = load_judge("guardrank-mini", device="cpu")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(create_app([judge], ServiceSettings(**settings)), headers=headers) as client:
        return client.get("/openapi.json").json()


@pytest.fixture(scope="module")
def small():
    return document(token=TOKEN, **SMALL)


def test_the_limits_are_in_the_document(small):
    schemas = small["components"]["schemas"]
    assert schemas["ScoreBody"]["properties"]["records"]["maxItems"] == 20
    assert {form.get("maxLength") for form in schemas["RecordIn"]["properties"]["response"]["anyOf"]} == {
        2_000,
        None,
    }
    text, texts, parts = schemas["ModerationBody"]["properties"]["input"]["anyOf"]
    assert (text["maxLength"], texts["maxItems"], parts["maxItems"]) == (2_000, 4, 4)  # five dimensions a text


def test_a_token_is_a_security_scheme_where_it_is_asked_for(small):
    assert small["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    for path, methods in small["paths"].items():
        for operation in methods.values():
            is_open = path in ("/healthz", "/readyz")
            assert operation.get("security") == (None if is_open else [{"token": []}])
            assert ("401" in operation["responses"]) is not is_open
    without = document()
    assert "securitySchemes" not in without["components"] and "401" not in repr(without["paths"])


def test_fields_are_described_and_methods_have_short_names(small):
    score = small["components"]["schemas"]["ScoreBody"]
    assert score["description"] == "``POST /v1/score``."
    assert score["properties"]["judge"]["description"].startswith("one of ``GET /v1/judges``")
    assert "Attributes:" not in repr(small)
    assert small["paths"]["/v1/score"]["post"]["operationId"] == "score"


def test_a_full_queue_says_when_to_come_again(small):
    answer = small["paths"]["/v1/score"]["post"]["responses"]["503"]
    assert answer["headers"]["Retry-After"]["required"] is True
