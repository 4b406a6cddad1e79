"""Servers that take less than OpenAI: each gets what it takes, and is not asked twice."""

import pytest
from tests_support.chat_server import Asked, Reply, by_response, completion, failing, in_turn, scored

from guardrank.llm_judge.endpoint import Dialect

SCHEMA_ONLY_NAMED = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."


def without(*formats: str, message: str, status: int = 400):
    def reply(asked: Asked) -> Reply:
        return failing(status, message) if asked.format in formats else by_response(asked)

    return reply


@pytest.mark.parametrize("message", [SCHEMA_ONLY_NAMED, "Bad request"])
@pytest.mark.parametrize("status", [400, 422])
def test_no_json_schema(judge, server, records, message, status):
    server.reply = without("json_schema", message=message, status=status)
    asker = judge(concurrency=1)
    assert [verdict.score for verdict in asker.score(records(6))] == [0, 1, 2, 3, 0, 1]
    assert [asked.format for asked in server.asked] == ["json_schema"] + ["json_object"] * 6
    list(asker.score(records(8)))  # the same run goes on as it learned
    assert [asked.format for asked in server.asked[7:]] == ["json_object"] * 2


def test_no_response_format_at_all(judge, server, records):
    server.reply = without("json_schema", "json_object", message="unknown field response_format", status=422)
    assert [verdict.score for verdict in judge(concurrency=1).score(records(3))] == [0, 1, 2]
    assert [asked.format for asked in server.asked] == ["json_schema", "json_object", "text", "text", "text"]


def test_several_threads_find_out_together(judge, server, records):
    server.reply = without("json_schema", "json_object", message="response_format?")
    assert [verdict.score for verdict in judge(concurrency=4).score(records(40))] == [i % 4 for i in range(40)]
    wasted = [asked.format for asked in server.asked if asked.format != "text"]
    assert len(wasted) <= 2 * 4
    assert len(server.asked) - len(wasted) == 40


def test_what_was_learned_is_no_part_of_the_key(judge, server, records):
    server.reply = without("json_schema", message=SCHEMA_ONLY_NAMED)
    list(judge().score(records(5)))
    sent = len(server.asked)
    again = judge()
    assert [verdict.score for verdict in again.score(records(5))] == [0, 1, 2, 3, 0]
    assert len(server.asked) == sent


def test_an_answer_in_plain_text_is_read_strictly(judge, server, records):
    def reply(asked: Asked) -> Reply:
        if asked.format != "text":
            return failing(400, "response_format")
        return completion('Sure:\n```json\n{"reason": "r", "score": 2}\n```' if "0" in asked.text else "It is a 2.")

    server.reply = reply
    verdicts = list(judge(concurrency=1).score(records(2)))
    assert [(verdict.score, verdict.error) for verdict in verdicts] == [(2, None), (None, "unparseable")]


@pytest.mark.parametrize(
    ("parameter", "message", "instead"),
    [
        (
            "max_tokens",
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "max_completion_tokens",
        ),
        ("temperature", "Unsupported value: 'temperature' does not support 0.", None),
        ("seed", "Extra inputs are not permitted: seed", None),
    ],
)
def test_other_parameters(judge, server, records, parameter, message, instead):
    def reply(asked: Asked) -> Reply:
        return failing(400, message, param=parameter) if parameter in asked.body else by_response(asked)

    server.reply = reply
    assert [verdict.score for verdict in judge(concurrency=1).score(records(3))] == [0, 1, 2]
    assert len(server.asked) == 4
    assert server.asked[-1].format == "json_schema"
    if instead:
        assert server.asked[-1].body[instead] == 512


def test_a_bad_record_teaches_nothing(judge, server, records):
    """A refusal of the record itself, in whose text a parameter is named, must not simplify later requests."""

    def reply(asked: Asked) -> Reply:
        bad = asked.record["response"] == "response 0"
        return failing(400, "your input: temperature seed max_completion_tokens") if bad else by_response(asked)

    server.reply = reply
    verdicts = list(judge(concurrency=1).score(records(3)))
    assert [(verdict.score, verdict.error) for verdict in verdicts] == [(None, "http_400"), (1, None), (2, None)]
    last = server.asked[-1]
    assert last.format == "json_schema" and {"temperature", "seed", "max_tokens"} < set(last.body)


def test_after_an_answer_a_400_is_about_the_record(judge, server, records):
    server.reply = in_turn(scored(1), failing(400, "response_format"), scored(1))
    verdicts = list(judge(concurrency=1).score(records(3)))
    assert [verdict.error for verdict in verdicts] == [None, "http_400", None]
    assert len(server.asked) == 3


def test_the_way_down_ends():
    dialect, complaint, steps = Dialect(), "max_completion_tokens temperature seed response_format", 0
    while dialect := dialect.simpler(complaint):
        steps += 1
    assert steps == 5
