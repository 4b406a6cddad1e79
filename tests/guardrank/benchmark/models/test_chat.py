"""A model behind a server: what it says, what goes wrong on the way, what it costs."""

import base64
import io
import json
import threading
from contextlib import closing, contextmanager
from time import monotonic

import pytest
from PIL import Image
from tests_support.chat_server import ChatServer, Reply, completion, failing, in_turn

from guardrank.benchmark.models import Ask, ModelOptions, load_model
from guardrank.errors import GuardRankError, UsageError

ASK = Ask("p:1", "Who is this?", (Image.new("RGB", (8, 6), "red"),))
PRICES = """
as_of: 2026-01-01
source: made up
prices:
  {url}:
    tiny: {{input: 1000, output: 2000, image: [10, 10]}}
"""


@pytest.fixture
def server():
    with ChatServer(lambda asked: completion(f"seen: {asked.text}")) as running:
        yield running


@contextmanager
def model_of(server, **options):
    more = {"attempts": "2", "timeout": "0.5"} | options.pop("more", {})
    with closing(load_model("openai:tiny", ModelOptions(base_url=server.url, more=more, **options))) as model:
        yield model


def answer(server, **options):
    with model_of(server, **options) as model:
        (reply,) = model.answer([ASK])
    return reply


def test_the_image_and_the_prompt_go_out_and_nothing_else(server):
    reply = answer(server, max_new_tokens=77)
    body = server.asked[0].body
    image, text = body["messages"][0]["content"]
    assert reply.text == "seen: Who is this?" and not reply.cut
    assert text == {"type": "text", "text": "Who is this?"} and len(body["messages"]) == 1
    sent = Image.open(io.BytesIO(base64.b64decode(image["image_url"]["url"].partition(",")[2])))
    assert (sent.size, sent.getpixel((1, 1))) == ((8, 6), (255, 0, 0))
    assert body["max_tokens"] == 77 and "response_format" not in body
    assert reply.facts["completion_tokens"] == 20


def test_a_question_without_images_is_plain_text(server):
    with model_of(server) as model:
        model.answer([Ask("p:2", "Hello?")])
    assert server.asked[0].body["messages"] == [{"role": "user", "content": "Hello?"}]


def test_a_response_that_ran_into_the_limit_is_marked(server):
    server.reply = lambda _: completion("It is", finish="length")
    reply = answer(server)
    assert (reply.text, reply.cut) == ("It is", True)


def test_a_refusal_is_what_the_model_said_and_a_filter_is_not(server):
    server.reply = lambda _: completion(None, refusal="I can't help with that.")
    assert answer(server).text == "I can't help with that."
    server.reply = lambda _: completion("half of it", finish="content_filter")
    assert answer(server).error == "filtered"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (completion(""), "empty"),
        (completion("  \n"), "empty"),
        (Reply({"choices": []}), "malformed"),
        (Reply({"object": "chat.completion"}), "malformed"),
        (Reply(b"<html>"), "malformed"),
        (failing(500), "http_500"),
        (failing(429), "http_429"),
        (Reply(drop=True), "connection"),
        (Reply(completion("x").body, cut=10), "connection"),
        (Reply(completion("x").body, after=1.5), "timeout"),
        (failing(400, code="context_length_exceeded"), "too_long"),
    ],
)
def test_what_is_no_response_has_its_reason(server, reply, error):
    server.reply = lambda _: reply
    found = answer(server)
    assert (found.text, found.error) == (None, error)


def streamed(*events):
    body = "".join(f"data: {json.dumps(event) if isinstance(event, dict) else event}\n\n" for event in events)
    return Reply(body.encode(), headers={"Content-Type": "text/event-stream"})


def chunk(delta, finish=None):
    return {"model": "tiny", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def test_a_stream_that_nobody_asked_for_is_read_like_an_answer(server):
    whole = [
        chunk({"role": "assistant"}),
        chunk({"content": "It is "}),
        chunk({"content": "红"}),
        chunk({}, "length"),
    ]
    server.reply = lambda _: streamed(*whole, "[DONE]")
    reply = answer(server)
    assert (reply.text, reply.cut, reply.facts["snapshot"]) == ("It is 红", True, "tiny")


def test_a_stream_that_broke_off_is_no_response(server):
    server.reply = lambda _: streamed(chunk({"content": "It is "}))
    assert answer(server).error == "malformed"
    server.reply = lambda _: streamed("[DONE]")
    assert answer(server).error == "malformed"


def test_it_waits_as_the_server_asks_and_tries_again(server):
    server.reply = in_turn(failing(429, headers={"Retry-After": "0"}), failing(503), completion("at last"))
    assert answer(server, more={"attempts": "3"}).text == "at last"
    assert len(server.asked) == 3


def test_a_run_that_ends_waits_for_nobody(server):
    server.reply = lambda _: failing(503, headers={"Retry-After": "60"})
    with model_of(server, more={"attempts": "9"}) as model:
        threading.Timer(0.3, model.stop.set).start()
        started = monotonic()
        (reply,) = model.answer([ASK])
    assert reply.error == "stopped" and monotonic() - started < 10


def test_a_wrong_key_ends_the_run(server):
    server.reply = lambda _: failing(401)
    with pytest.raises(GuardRankError, match="does not take the key"):
        answer(server)


def test_costs_are_counted_and_limited(server, tmp_path):
    prices = tmp_path / "prices.yaml"
    prices.write_text(PRICES.format(url=server.url))
    with model_of(server, max_cost=0.7, max_new_tokens=50, more={"prices": str(prices)}) as model:
        first, second, *many = [model.answer([ASK])[0] for _ in range(8)]
    assert first.facts["dollars"] == pytest.approx(100 * 1000 / 1e6 + 20 * 2000 / 1e6)
    assert (second.text, second.error) in ((first.text, None), (None, "over_budget"))
    assert many[-1].error == "over_budget"


def test_no_more_requests_go_out_than_a_minute_may_have(server):
    with model_of(server, requests_per_minute=600) as model:  # one every tenth of a second
        started = monotonic()
        for _ in range(4):
            model.answer([ASK])
    assert server.asked[-1].at - started >= 0.3


def test_the_key_is_in_no_fact(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with model_of(server) as model:
        facts = model.facts()
    assert "secret" not in repr(facts)
    assert facts == {
        "kind": "openai",
        "model": "tiny",
        "base_url": server.url,
        "max_tokens": 256,
        "temperature": 0.0,
        "seed": 0,
    }


def test_wrong_usage_is_one_sentence(server):
    with pytest.raises(UsageError, match="names no model"):
        load_model("openai:", ModelOptions(base_url=server.url))
    with pytest.raises(UsageError, match="timeout"):
        load_model("openai:tiny", ModelOptions(base_url=server.url, more={"timeout": "soon"}))
    with pytest.raises(UsageError, match="give one of hf"):
        load_model("gpt-4o", ModelOptions())
