"""A judge that asks the local server, and records for it."""

import pytest
from tests_support.chat_server import ChatServer

from guardrank.llm_judge import ChatJudge, ChatSettings
from guardrank.records import Record

KEY = "sk-test-9f8e7d6c5b4a-secret"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    """The key in the environment, as users have it."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return KEY


@pytest.fixture
def server():
    """A server that answers with the score that the response names."""
    with ChatServer() as running:
        yield running


@pytest.fixture
def settings(server, tmp_path):
    """Settings for the server: ``settings(max_cost=1)``."""

    def make(**changes) -> ChatSettings:
        quick = {"model": "tiny", "base_url": server.url, "cache": tmp_path / "answers", "first_wait": 0.01}
        return ChatSettings(**quick | {"progress": False} | changes)

    return make


@pytest.fixture
def judge(settings):
    """A new judge: ``judge(few_shot=True)``; what it learned is forgotten, what it paid for is not."""
    return lambda **changes: ChatJudge(settings(**changes))


@pytest.fixture
def records():
    """``records(10)``: responses that name their score."""
    return lambda count, **fields: [
        Record(
            **{"id": f"r{i}", "prompt": f"Prompt {i}?", "response": f"response {i}", "dimension": "bias"} | fields
        )
        for i in range(count)
    ]
