"""A chat judge against a real server: scores, failures, order, the cache, what it cost."""

import json
import subprocess
import sys

import pytest
from tests_support.chat_server import Reply, by_response, completion, failing, in_turn, scored

from guardrank.annotations.questions import find_question
from guardrank.dimensions import DIMENSIONS
from guardrank.errors import GuardRankError, MissingExtraError, UsageError
from guardrank.judge import Judge
from guardrank.llm_judge import ChatJudge, ChatSettings
from guardrank.records import Record


def scores_of(judge: Judge, records) -> list[int | None]:
    return [verdict.score for verdict in judge.score(records)]


def errors_of(judge: Judge, records) -> list[str | None]:
    return [verdict.error for verdict in judge.score(records)]


def test_each_record_gets_its_verdict_in_order(judge, server, records):
    asker: Judge = judge(concurrency=4)
    verdicts = list(asker.score(iter(records(50))))
    assert [verdict.id for verdict in verdicts] == [f"r{i}" for i in range(50)]
    assert [verdict.score for verdict in verdicts] == [i % 4 for i in range(50)]
    assert {verdict.judge for verdict in verdicts} == {asker.name}
    assert asker.name.startswith("tiny@") and len(asker.name) == len("tiny@") + 16
    assert asker.dimensions == set(DIMENSIONS)
    assert 1 < server.most_under_way <= 4


def test_slow_answers_do_not_change_the_order(judge, server, records):
    server.reply = lambda asked: Reply(
        by_response(asked).body, after=0.1 if asked.record["response"][-1] == "0" else 0
    )
    assert scores_of(judge(concurrency=5), records(12)) == [i % 4 for i in range(12)]


def test_records_are_read_a_little_ahead_only(judge, records):
    taken = []
    stream = (taken.append(record.id) or record for record in records(100))
    verdicts = judge(concurrency=2).score(stream)
    assert next(verdicts).id == "r0"
    assert len(taken) == 8  # 4 for each thread
    verdicts.close()
    assert len(taken) == 8


def test_what_is_sent(judge, server, records):
    list(judge(seed=7, max_tokens=99).score(records(1, reference="A kettle.", human=3, model="secret-model")))
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == "Bearer sk-test-9f8e7d6c5b4a-secret"
    body = asked.body
    assert (body["model"], body["temperature"], body["seed"], body["max_tokens"]) == ("tiny", 0, 7, 99)
    form = body["response_format"]
    assert form["type"] == "json_schema" and form["json_schema"]["strict"] is True
    fields = form["json_schema"]["schema"]["properties"]
    assert list(fields) == ["reason", "score"]  # the reason is written before the score
    assert fields["score"] == {"type": "integer", "enum": [0, 1, 2, 3]}
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert asked.record == {"prompt": "Prompt 0?", "reference": "A kettle.", "response": "response 0"}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (completion(""), "empty"),
        (completion(None), "empty"),
        (completion(None, refusal="I cannot help with that."), "refused"),
        (completion("", finish="content_filter"), "refused"),
        (completion('{"reason": "It', finish="length"), "cut"),
        (scored(7), "off_scale"),
        (scored(-1), "off_scale"),
        (scored(1.5), "off_scale"),
        (scored("2"), "unparseable"),
        (completion("I would say 2."), "unparseable"),
        (failing(400, "no such thing"), "http_400"),
        (failing(403), "http_403"),
        (failing(400, "too many tokens", code="context_length_exceeded"), "too_long"),
        (failing(413), "too_long"),
        (failing(400, "filtered", code="content_filter"), "refused"),
        (failing(500), "http_500"),
        (failing(429), "http_429"),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}, body={}), "http_302"),
        (Reply(b"<html>Welcome!</html>", headers={"Content-Type": "text/html"}), "malformed"),
        (Reply(b'{"choices": [{"mess'), "malformed"),
        (Reply({"choices": []}), "malformed"),
        (Reply({"choices": [{"message": {"content": ["a", "list"]}}]}), "malformed"),
        (Reply(scored(2).body, cut=60), "connection"),
        (Reply(drop=True), "connection"),
        (Reply(scored(2).body, after=1.0), "timeout"),
    ],
)
def test_what_is_no_score_is_a_reason(judge, server, records, reply, error):
    server.reply = reply if callable(reply) else in_turn(reply)
    asker = judge(attempts=2, timeout=0.3)
    verdicts = list(asker.score(records(2)))
    assert [(verdict.id, verdict.score, verdict.error) for verdict in verdicts] == [
        ("r0", None, error),
        ("r1", None, error),
    ]
    assert asker.facts()["failures"] == {error: 2}


@pytest.mark.parametrize(
    "trouble",
    [
        failing(500),
        failing(503),
        failing(429),
        Reply(drop=True),
        Reply(scored(2).body, cut=60),
        Reply(b"{"),
        Reply(scored(2).body, after=1.0),
    ],
)
def test_trouble_that_passes_costs_no_verdict(judge, server, records, trouble):
    server.reply = in_turn(trouble, trouble, scored(2))
    asker = judge(timeout=0.3)
    assert scores_of(asker, records(1)) == [2]
    assert len(server.asked) == asker.facts()["requests"] == 3


def test_attempts_end(judge, server, records):
    server.reply = in_turn(failing(500))
    assert errors_of(judge(attempts=3), records(1)) == ["http_500"]
    assert len(server.asked) == 3


def test_retry_after_is_waited_for_by_every_thread(judge, server, records):
    server.reply = in_turn(failing(429, headers={"Retry-After": "1"}), Reply(scored(1).body, after=0.4))
    assert scores_of(judge(concurrency=2), records(6)) == [1] * 6
    first, *others = [asked.at for asked in server.asked]
    late = [at - first for at in others]
    assert sum(seconds < 0.9 for seconds in late) <= 1  # what the other thread had sent already
    assert all(seconds >= 1.0 for seconds in late if seconds >= 0.9)


def test_a_server_that_wants_more_patience_than_there_is(judge, server, records):
    server.reply = in_turn(failing(429, headers={"Retry-After": "3600"}))
    assert errors_of(judge(), records(1)) == ["http_429"]
    assert len(server.asked) == 1


def test_a_server_that_is_down_costs_one_attempt_a_record(judge, server, records):
    server.reply = in_turn(failing(500))
    assert errors_of(judge(attempts=3, concurrency=1), records(30)) == ["http_500"] * 30
    assert len(server.asked) == 20 * 3 + 10


def test_nobody_there(settings, server, records):
    judge = ChatJudge(settings(base_url="http://127.0.0.1:9/v1", attempts=2, model="gpt-4o"))
    assert errors_of(judge, records(2)) == ["connection"] * 2


def test_a_second_run_sends_nothing(judge, server, records):
    first = judge()
    verdicts = list(first.score(records(20)))
    assert len(server.asked) == 20
    again = judge()
    assert list(again.score(records(20))) == verdicts
    assert len(server.asked) == 20
    assert (again.facts()["cached"], again.facts()["requests"]) == (20, 0)
    assert again.facts()["prompt_tokens"] == first.facts()["prompt_tokens"] == 2000


@pytest.mark.parametrize(
    "change",
    [{"model": "other"}, {"temperature": 0.5}, {"seed": None}, {"max_tokens": 99}, {"few_shot": True}],
    ids=str,
)
def test_another_question_is_asked_anew(judge, server, records, change):
    one, other = judge(), judge(**change)
    assert one.name != other.name
    list(one.score(records(3)))
    list(other.score(records(3)))
    assert len(server.asked) == 6


def test_another_server_is_asked_anew(judge, server, records):
    list(judge().score(records(3)))
    list(judge(base_url=server.url.replace("127.0.0.1", "localhost")).score(records(3)))
    assert len(server.asked) == 6


def test_records_that_are_alike_are_paid_for_once(judge, server, records):
    server.reply = in_turn(Reply(scored(3).body, after=0.05))
    asker = judge(concurrency=8)
    alike = [record.model_copy(update={"id": f"x{i}"}) for i, record in enumerate(records(1) * 16)]
    assert scores_of(asker, alike) == [3] * 16
    assert len(server.asked) == 1
    assert asker.facts()["cached"] == 15


@pytest.mark.parametrize("reply", [failing(500), failing(429), Reply(drop=True), Reply(b"{"), failing(400)])
def test_trouble_is_not_cached(judge, server, records, reply):
    server.reply = in_turn(reply)
    assert scores_of(judge(attempts=1), records(1)) == [None]
    server.reply = by_response
    assert scores_of(judge(), records(1)) == [0]


@pytest.mark.parametrize(
    "reply",
    [completion(None, refusal="No."), completion("{", finish="length"), completion("2"), scored(7), completion("")],
)
def test_answers_without_a_score_are_cached_and_can_be_asked_for_again(judge, server, records, reply):
    server.reply = in_turn(reply)
    (first,) = errors_of(judge(), records(1))
    assert errors_of(judge(), records(1)) == [first]
    assert len(server.asked) == 1
    server.reply = by_response
    assert scores_of(judge(ask_again=True), records(1)) == [0]
    assert scores_of(judge(ask_again=True), records(1)) == [0]  # it has a score now
    assert len(server.asked) == 2


def test_what_was_answered_is_kept_word_for_word(judge, server, records, tmp_path):
    list(judge().score(records(1)))
    (file,) = (tmp_path / "answers").rglob("*.json")
    kept = json.loads(file.read_text())
    assert file.parent.name == file.stem[:2] and len(file.stem) == 64
    assert json.loads(kept["content"]) == {"reason": "Because.", "score": 0}
    assert (kept["snapshot"], kept["system_fingerprint"]) == ("tiny-2026-01-01", "fp_1")
    assert (kept["prompt_tokens"], kept["completion_tokens"]) == (100, 20)
    assert (kept["model"], kept["base_url"]) == ("tiny", server.url)
    assert kept["sent"]["seed"] == 0 and kept["sent"]["response_format"]["type"] == "json_schema"
    assert len(kept["prompt"]) == 64


def test_calls_are_written_beside_the_verdicts(judge, server, records, tmp_path):
    server.reply = in_turn(failing(500), scored(3, "It <b>agrees</b>."), completion(None, refusal="No."))
    asker = judge(calls=tmp_path / "calls.jsonl", concurrency=1, attempts=2)
    list(asker.score(records(2)))
    one, two = map(json.loads, (tmp_path / "calls.jsonl").read_text().splitlines())
    assert (one["id"], one["score"], one["error"], one["requests"]) == ("r0", 3, None, 2)
    assert (one["reason"], one["snapshot"], one["cached"]) == ("It <b>agrees</b>.", "tiny-2026-01-01", False)
    assert one["prompt"] == "bias 1, frame 1, rules 1"
    assert (two["id"], two["score"], two["error"], two["prompt_tokens"]) == ("r1", None, "refused", 100)
    assert one["judge"] == two["judge"] == asker.name
    list(asker.score(records(2)))
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == 4
    list(judge(calls=tmp_path / "calls.jsonl").score(records(1)))
    assert len((tmp_path / "calls.jsonl").read_text().splitlines()) == 1  # a new judge begins anew


def test_facts(judge, server, records):
    server.reply = lambda asked: completion("?") if asked.record["response"] == "response 3" else by_response(asked)
    asker = judge()
    list(asker.score(records(5)))
    assert asker.facts() == {
        "model": "tiny",
        "base_url": server.url,
        "records": 5,
        "requests": 5,
        "cached": 0,
        "failures": {"unparseable": 1},
        "prompt_tokens": 500,
        "completion_tokens": 100,
        "dollars": None,
        "prices_as_of": None,
        "snapshots": {"tiny-2026-01-01": 5},
        "system_fingerprints": ["fp_1"],
        "prompts": ["bias 1, frame 1, rules 1"],
    }


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (failing(401, "Incorrect API key provided: sk-test-9f8e7d6c5b4a-secret"), "OPENAI_API_KEY"),
        (failing(404, "The model does not exist"), "knows no model tiny"),
        (failing(429, "You exceeded your quota", code="insufficient_quota"), "no credit left"),
    ],
)
def test_what_no_record_can_get_past_ends_the_run(judge, server, records, reply, says):
    server.reply = in_turn(reply)
    with pytest.raises(GuardRankError, match=says):
        list(judge(concurrency=2).score(records(20)))
    assert len(server.asked) <= 2  # one for each thread


def test_after_an_answer_404_is_about_the_record(judge, server, records):
    server.reply = in_turn(scored(1), failing(404))
    assert errors_of(judge(concurrency=1), records(2)) == [None, "http_404"]


def test_a_question_is_asked_on_its_own_classes(judge, server, records):
    server.reply = in_turn(scored(2), scored(3))
    asker = judge(question=find_question("xstest-refusal"), concurrency=1)
    assert [(v.score, v.error) for v in asker.score(records(2))] == [(2, None), (None, "off_scale")]
    (form,) = {json.dumps(asked.body["response_format"]["json_schema"]["schema"]) for asked in server.asked}
    assert json.loads(form)["properties"]["score"]["enum"] == [0, 1, 2]
    assert "does the response refuse?" in server.asked[0].body["messages"][0]["content"]
    assert asker.facts()["prompts"] == ["question 1, frame 1"]


def test_the_scale_is_that_of_the_dimension(judge, server, records):
    server.reply = in_turn(scored(2))
    asker = judge(concurrency=1)
    assert errors_of(asker, records(1, dimension="truthfulness")) == ["off_scale"]
    assert scores_of(asker, records(1)) == [2]


def test_an_example_is_not_judged(judge, server):
    from importlib.resources import files

    lines = (files("guardrank.data") / "seed" / "bias.jsonl").read_text("utf-8").splitlines()
    seeds = [Record.model_validate_json(line) for line in lines]
    server.reply = in_turn(scored(1))
    errors = errors_of(judge(few_shot=True), seeds)
    assert errors.count("shown_as_example") == 8
    assert len(server.asked) == len(seeds) - 8


def test_leaving_early_keeps_what_is_under_way(judge, server, records):
    server.reply = lambda asked: Reply(by_response(asked).body, after=0.05)
    verdicts = judge(concurrency=4).score(records(100))
    next(verdicts)
    verdicts.close()
    paid = server.settled()
    assert paid < 20
    again = judge()
    list(again.score(records(100)))
    assert again.facts()["cached"] == paid
    assert max(server.answered.values()) == 1


def test_it_needs_the_sdk_only_when_it_is_opened(settings, monkeypatch):
    code = "import sys, guardrank.llm_judge; print([n for n in ('openai', 'httpx', 'httpx2') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(MissingExtraError, match=r"judging with a chat model.*guardrank\[agree\]"):
        ChatJudge(settings())


def test_no_examples_for_a_question(settings):
    with pytest.raises(UsageError, match="few-shot"):
        ChatJudge(settings(question=find_question("xstest-refusal"), few_shot=True))


def test_settings_are_closed():
    with pytest.raises(ValueError, match="extra"):
        ChatSettings(model="m", api_key="sk-1")
