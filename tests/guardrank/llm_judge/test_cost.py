"""What a run may cost, does cost, and would cost."""

import json
from datetime import date

import pytest
from tests_support.chat_server import Asked, Reply, by_response, completion, failing, in_turn, scored

from guardrank.errors import UsageError
from guardrank.llm_judge import ChatJudge, Estimate, estimate
from guardrank.llm_judge.request import RequestMaker
from guardrank.llm_judge.tokens import Range, about, at_most

PRICES = """
as_of: 2026-11-20
source: test
prices:
  {url}:
    tiny: {{input: 10000, output: 20000, image: [100, 200]}}
"""
ANSWER = 100 * 0.01 + 20 * 0.02  # 1.4 dollars: a cent for a token of the prompt, two for one of the answer


@pytest.fixture
def prices(server, tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES.format(url=server.url))
    return path


def most(settings, record) -> float:
    """Dollars that the request for ``record`` can cost, by hand: bytes and 32 a message, and the token limit."""
    request = RequestMaker(settings).make(record)
    return at_most([*request.texts, json.dumps(request.prompt.schema)]) * 0.01 + settings.max_tokens * 0.02


def test_what_answers_cost(judge, records, prices):
    asker = judge(prices=prices)
    list(asker.score(records(10)))
    assert asker.facts()["dollars"] == pytest.approx(10 * ANSWER)
    assert asker.facts()["prices_as_of"] == "2026-11-20"
    again = judge(prices=prices)
    list(again.score(records(10)))
    assert again.facts()["dollars"] == 0.0


@pytest.mark.parametrize("concurrency", [1, 4])
def test_the_limit_is_never_passed(judge, settings, server, records, prices, concurrency):
    rows = records(40)
    limit = most(settings(), rows[10]) + 10.5 * ANSWER
    asker = judge(prices=prices, max_cost=limit, concurrency=concurrency)
    verdicts = list(asker.score(rows))
    judged = [verdict for verdict in verdicts if verdict.error is None]
    # an 11th request fits (10 answers and the most that it can cost), a 12th does not
    assert len(judged) == len(server.asked) == 11
    assert {verdict.error for verdict in verdicts if verdict.error} == {"over_budget"}
    assert asker.facts()["dollars"] == pytest.approx(11 * ANSWER) and limit >= 11 * ANSWER
    if concurrency == 1:
        assert [verdict.error for verdict in verdicts] == [None] * 11 + ["over_budget"] * 29


def test_what_is_cached_needs_no_budget(judge, server, records, prices):
    list(judge().score(records(5)))
    asker = judge(prices=prices, max_cost=0.0)
    assert [verdict.error for verdict in asker.score(records(6))] == [None] * 5 + ["over_budget"]
    assert len(server.asked) == 5


def test_over_budget_is_not_cached(judge, records, prices):
    assert [verdict.error for verdict in judge(prices=prices, max_cost=0.0).score(records(1))] == ["over_budget"]
    assert [verdict.score for verdict in judge(prices=prices).score(records(1))] == [0]


@pytest.mark.parametrize(
    ("reply", "billed"),
    [
        (failing(500), False),
        (failing(429), False),
        (failing(400), False),
        (Reply(drop=True), True),
        (Reply(scored(1).body, cut=60), True),
        (Reply(b"{"), True),
        (Reply(scored(1).body, after=1.0), True),
    ],
)
def test_an_answer_that_was_lost_counts_as_paid_in_full(judge, settings, server, records, prices, reply, billed):
    server.reply = in_turn(reply)
    asker = judge(prices=prices, attempts=2, timeout=0.3)
    list(asker.score(records(1)))
    expected = 2 * most(settings(), records(1)[0]) if billed else 0.0
    assert asker.facts()["dollars"] == pytest.approx(expected, abs=1e-5)


def test_a_server_that_nobody_reached_billed_nothing(settings, records, tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES.format(url="http://127.0.0.1:9/v1"))
    asker = ChatJudge(settings(base_url="http://127.0.0.1:9/v1", attempts=2, prices=path))
    assert [verdict.error for verdict in asker.score(records(1))] == ["connection"]
    assert asker.facts()["dollars"] == 0.0


@pytest.mark.parametrize("usage", [None, {}, {"total_tokens": 9}])
def test_an_answer_without_usage_counts_as_the_most_it_can_cost(judge, settings, server, records, prices, usage):
    server.reply = in_turn(completion('{"reason": "r", "score": 1}', usage=usage))
    asker = judge(prices=prices)
    list(asker.score(records(1)))
    assert asker.facts()["dollars"] == pytest.approx(most(settings(), records(1)[0]), abs=1e-5)


def test_a_limit_without_a_price(settings):
    with pytest.raises(UsageError, match=r"--prices FILE.*0 for a server of your own"):
        ChatJudge(settings(max_cost=1.0))


def test_an_estimate_sends_nothing_and_needs_no_key(settings, server, records, prices, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    told = settings(prices=prices, key_env="NOT_SET")
    guess = estimate(told, iter(records(10)))
    assert (guess.records, guess.requests, guess.cached, guess.impossible) == (10, 10, 0, 0)
    texts = [list(RequestMaker(told).make(record).texts) for record in records(10)]
    prompt = [about(each) for each in texts]
    assert guess.prompt_tokens == (sum(low for low, _ in prompt), sum(high for _, high in prompt))
    assert guess.completion_tokens == (10 * 20, 10 * 512)
    assert guess.dollars.low == pytest.approx(guess.prompt_tokens.low * 0.01 + 200 * 0.02)
    assert guess.dollars.high == pytest.approx(guess.prompt_tokens.high * 0.01 + 5120 * 0.02)
    assert server.asked == []


def test_an_estimate_knows_what_is_cached_alike_or_impossible(judge, records, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    asker = judge(images=tmp_path / "images")
    list(asker.score(records(3)))
    rows = [*records(5), *records(5), *records(1, image="none.png"), *records(1, image="a.png")]
    guess = asker.estimate(rows)
    assert (guess.records, guess.requests, guess.cached, guess.impossible) == (12, 3, 8, 1)
    assert guess.dollars is None
    assert asker.estimate(records(5) * 2).prompt_tokens == asker.estimate(records(5)).prompt_tokens


def test_an_estimate_counts_images(settings, records, prices, tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    row = records(1, image="a.png")
    without, shown = (estimate(settings(prices=prices, images=folder), row) for folder in (None, tmp_path))
    low, high = (shown.prompt_tokens[i] - without.prompt_tokens[i] for i in (0, 1))
    assert 95 <= low <= 105 and 195 <= high <= 205


def test_an_estimate_in_a_sentence(settings, records, prices):
    text = str(estimate(settings(prices=prices), records(10)))
    assert text.startswith("10 records: 0 answers are cached, 10 requests would be sent; ")
    assert text.endswith(" dollars at list prices of 2026-11-20")
    assert "price unknown" in str(estimate(settings(), records(1)))


def test_a_large_estimate_in_a_sentence():
    guess = Estimate(
        records=5634,
        requests=5600,
        cached=30,
        impossible=4,
        prompt_tokens=Range(3_766_000, 7_541_000),
        completion_tokens=Range(112_000, 2_867_000),
        dollars=Range(10.535, 47.5),
        as_of=date(2026, 9, 26),
    )
    assert str(guess) == (
        "5,634 records: 30 answers are cached, 5,600 requests would be sent, 4 cannot be asked about; "
        "3.8 to 7.5 million tokens in prompts, 0.1 to 2.9 million in answers; "
        "10.54 to 47.50 dollars at list prices of 2026-09-26"
    )


def test_the_estimate_holds_what_the_server_bills(judge, server, records, prices):
    """A server that bills by a byte tokenizer stays between the estimate and the bound."""

    def reply(asked: Asked) -> Reply:
        size = sum(len(message["content"].split()) for message in asked.body["messages"])
        usage = {"prompt_tokens": round(size * 1.3), "completion_tokens": 30}
        return Reply(by_response(asked).body | {"usage": usage})

    server.reply = reply
    asker = judge(prices=prices)
    guess = asker.estimate(records(10))
    list(asker.score(records(10)))
    assert guess.dollars.low < asker.facts()["dollars"] < guess.dollars.high
