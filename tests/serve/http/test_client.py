"""The example client against the service itself."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests_support.serving import Running

CLIENT = Path(__file__).parents[3] / "serve" / "deploy" / "client.py"
ROWS = [{"id": str(i), "response": f"Hello {i}", "dimension": "bias"} for i in range(70)]


@pytest.fixture(scope="module")
def service():
    with Running(token="secret-1") as running:
        yield running


def test_a_file_comes_back_as_verdicts_in_order(service, tmp_path, monkeypatch):
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    monkeypatch.setenv("GUARDRANK_TOKEN", "secret-1")
    ended = subprocess.run([sys.executable, CLIENT, file, "--url", service.url], capture_output=True, check=True)
    verdicts = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [verdict["id"] for verdict in verdicts] == [row["id"] for row in ROWS]


def test_it_waits_where_the_queue_is_full_and_gives_up_in_the_end():
    spec = importlib.util.spec_from_file_location("example_client", CLIENT)
    client = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(client)
    answers = [
        httpx.Response(503, headers={"Retry-After": "0"}),
        httpx.Response(200, json={"verdicts": [{"id": "1"}]}),
    ]
    with httpx.Client(base_url="http://x", transport=httpx.MockTransport(lambda _: answers.pop(0))) as http:
        assert client.score(http, [{"response": "x"}]) == [{"id": "1"}]
    full = httpx.MockTransport(lambda _: httpx.Response(503, headers={"Retry-After": "0"}))
    with httpx.Client(base_url="http://x", transport=full) as http, pytest.raises(httpx.HTTPStatusError):
        client.score(http, [{"response": "x"}])
