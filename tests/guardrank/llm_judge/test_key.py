"""The key: from the environment, to the server and nowhere else."""

import io
import json
import logging
import traceback

import pytest
from tests_support.chat_server import Asked, Reply, completion, failing, in_turn, scored

from guardrank.errors import GuardRankError, UsageError
from guardrank.llm_judge import ChatJudge, ChatSettings
from guardrank.llm_judge.settings import read_key

ECHOES = [
    lambda key: completion(
        json.dumps({"reason": f"Your key is {key}.", "score": 1}), model=key, system_fingerprint=key
    ),
    lambda key: completion(f"{key}"),
    lambda key: completion(None, refusal=f"{key} is not allowed"),
    lambda key: completion("x", finish=key),
    lambda key: failing(500, f"Incorrect API key provided: {key}"),
    lambda key: failing(400, f"bad key {key}", param=key, code=key),
    lambda key: failing(403, f"{key}"),
    lambda key: failing(429, f"{key}", headers={"Retry-After": key}),
    lambda key: failing(429, f"{key}", headers={"Retry-After": "99999"}),
    lambda key: Reply(f"no JSON but {key}".encode()),
    lambda key: Reply({}, 302, {"Location": f"http://127.0.0.1:9/{key}"}),
    lambda key: Reply(scored(1).body, cut=10),
]


@pytest.mark.parametrize("echo", range(len(ECHOES)))
def test_a_server_that_sends_it_back(judge, server, records, key, tmp_path, capfd, monkeypatch, echo):
    monkeypatch.setenv("OPENAI_LOG", "debug")
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    loggers = [logging.getLogger(name) for name in (None, "openai", "httpx", "httpcore", "httpx2", "httpcore2")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    try:
        server.reply = in_turn(ECHOES[echo](key))
        asker = judge(attempts=2, calls=tmp_path / "calls.jsonl", progress=True)
        calls = list(asker.calls(records(2)))
    finally:
        loggers[0].removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
    assert len(server.asked) >= 1 and all(
        asked.headers["authorization"] == f"Bearer {key}" for asked in server.asked
    )
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 1
    shown = [repr(calls), repr(asker.settings), repr(asker.facts()), asker.name, *capfd.readouterr(), *written]
    assert not any(key in text for text in shown)
    logged = log.getvalue().splitlines()
    own_headers = "receive_response_headers.complete"  # httpcore repeats what the server sent, here Retry-After
    assert logged and not any(key in line for line in logged if not line.startswith(own_headers))


@pytest.mark.parametrize("status", [401, 404])
def test_an_error_that_ends_the_run(judge, server, records, key, status):
    server.reply = in_turn(failing(status, f"Incorrect API key provided: {key}", param=key, code=key))
    with pytest.raises(GuardRankError) as caught:
        list(judge().score(records(1)))
    assert key not in "".join(traceback.format_exception(caught.value))  # as --debug shows it
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_the_variable_that_the_user_names(judge, server, records, monkeypatch):
    monkeypatch.setenv("OTHER_KEY", " sk-other \n")
    list(judge(key_env="OTHER_KEY").score(records(1)))
    assert server.asked[0].headers["authorization"] == "Bearer sk-other"


def test_a_server_of_ones_own_needs_none(judge, server, records, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert [verdict.score for verdict in judge().score(records(1))] == [0]


@pytest.mark.parametrize(
    ("base_url", "key_env", "sent"),
    [
        ("https://api.openai.com/v1", None, True),
        ("https://llm.example/v1", None, True),
        ("http://localhost:8000/v1", None, True),
        ("http://[::1]:8000/v1", None, True),
        ("http://gpu-box:8000/v1", None, False),  # anybody on the way could read it
        ("http://localhost.evil.example/v1", None, False),
        ("http://gpu-box:8000/v1", "OPENAI_API_KEY", True),  # the user's word
    ],
)
def test_it_does_not_travel_unencrypted_unasked(key, base_url, key_env, sent):
    assert read_key(ChatSettings(model="m", base_url=base_url, key_env=key_env)) == (key if sent else None)


@pytest.mark.parametrize(
    "fields", [{}, {"key_env": "OTHER_KEY"}, {"key_env": "OTHER_KEY", "base_url": "http://localhost/v1"}]
)
def test_no_key(monkeypatch, fields):
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(UsageError, match=f"environment variable {fields.get('key_env', 'OPENAI_API_KEY')}"):
        ChatJudge(ChatSettings(model="m", **fields))


@pytest.mark.parametrize("value", ["sk-a\nX-Evil: 1", "sk-ключ", "sk-\x7f"])
def test_what_cannot_be_a_key_is_not_shown(monkeypatch, value):
    monkeypatch.setenv("OPENAI_API_KEY", value)
    with pytest.raises(UsageError) as caught:
        read_key(ChatSettings(model="m"))
    assert "sk-" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:sk-1@host/v1",
        "https://host/v1?api_key=sk-1",
        "https://host/v1#sk-1",
        "ftp://host",
        "host/v1",
        "http://",
    ],
)
def test_the_address_is_an_address_alone(url):
    with pytest.raises(UsageError) as caught:
        ChatSettings(model="m", base_url=url)
    assert "sk-1" not in str(caught.value)


def test_a_redirect_is_not_followed(judge, server, records):
    def reply(asked: Asked) -> Reply:
        return Reply({}, 307, {"Location": f"{server.url}/elsewhere"})

    server.reply = reply
    assert [verdict.error for verdict in judge().score(records(1))] == ["http_307"]
    assert len(server.asked) == 1
