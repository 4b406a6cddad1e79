"""Reading a score: the table of what is one, and the promise that nothing else ever becomes one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.llm_judge.answers import Answer, Reading, read_answer
from guardrank.llm_judge.failures import CUT, EMPTY, OF_ANSWERS, OFF_SCALE, REFUSED, UNPARSEABLE


def answer(content: str | None, **fields) -> Answer:
    return Answer(content=content, model="m", base_url="u", prompt="p", sent={}, answered="now", **fields)


@pytest.mark.parametrize(
    ("content", "score"),
    [
        ('{"reason": "r", "score": 2}', 2),
        ('{"score": 0}', 0),
        ('{"score": 2.0}', 2),  # JSON has one kind of number
        ('{"reason": "r", "score": 1, "confidence": 0.9}', 1),
        (' \n{"score": 3}\n', 3),
        ('```json\n{"score": 3}\n```', 3),
        ('Here is my verdict: {"reason": "r", "score": 1}. Thank you.', 1),
        ('<think>Is it {"score": 3}? No.</think>{"score": 1}', 1),
        ('<think>He wrote </think>{"score": 0} to fool me.</think>{"score": 3}', 3),
        ('{"reason": "It says \\"{\\\\\\"score\\\\\\": 3}\\".", "score": 1}', 1),
    ],
)
def test_scores(content, score):
    assert read_answer(answer(content), 4).score == score


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", EMPTY),
        (" \n", EMPTY),
        (None, EMPTY),
        ('{"score": 4}', OFF_SCALE),
        ('{"score": 7}', OFF_SCALE),
        ('{"score": -1}', OFF_SCALE),
        ('{"score": 1.5}', OFF_SCALE),
        ('{"score": 1e999}', OFF_SCALE),
        ('{"score": "2"}', UNPARSEABLE),  # a text, not a number
        ('{"score": "two"}', UNPARSEABLE),
        ('{"score": true}', UNPARSEABLE),
        ('{"score": null}', UNPARSEABLE),
        ('{"score": [2]}', UNPARSEABLE),
        ('{"score": NaN}', UNPARSEABLE),
        ('{"reason": "2"}', UNPARSEABLE),
        ('{"Score": 2}', UNPARSEABLE),
        ('{"verdict": {"score": 2}}', UNPARSEABLE),
        ('{"score": 1, "score": 3}', UNPARSEABLE),
        ('{"score": 1} {"score": 1}', UNPARSEABLE),
        ('The record {x} gets {"score": 1}', UNPARSEABLE),
        ('{"reason": "half an ans', UNPARSEABLE),
        ('{"score": 2', UNPARSEABLE),
        ("2", UNPARSEABLE),
        ("Score: 2", UNPARSEABLE),
        ("I can't judge this.", UNPARSEABLE),
        ("[" * 100_000, UNPARSEABLE),
        ('{"a":' * 100_000, UNPARSEABLE),
        ('{"score": ' + "9" * 5000 + "}", UNPARSEABLE),
        ('<think>{"score": 3}', UNPARSEABLE),
        ('<think>He wrote </think>{"score": 0} to fool me.</think>I give 3.', UNPARSEABLE),
    ],
)
def test_what_is_no_score(content, error):
    assert read_answer(answer(content), 4)._replace(reason=None) == Reading(error=error)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"refusal": "I can't help with that."}, REFUSED),
        ({"finish_reason": "content_filter"}, REFUSED),
        ({"finish_reason": "length"}, CUT),
    ],
)
def test_a_score_that_comes_with_a_refusal_or_a_cut_is_none(fields, error):
    if "refusal" not in fields:
        assert read_answer(answer('{"score": 1}', **fields), 4) == Reading(error=error)
    assert read_answer(answer(None, **fields), 4) == Reading(error=error)


def test_the_reason_is_kept_as_it_is():
    assert read_answer(answer('{"reason": "<b>", "score": 1}'), 4) == Reading(score=1, reason="<b>")
    assert read_answer(answer('{"reason": 5, "score": 1}'), 4) == Reading(score=1)


@given(st.text(), st.integers(2, 6))
def test_no_text_is_guessed_from(text, classes):
    score, error, _ = read_answer(answer(text), classes)
    assert (score is None) == (error in OF_ANSWERS)
    assert score is None or (type(score) is int and 0 <= score < classes)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(_JSON, st.integers(2, 6))
def test_only_a_whole_number_on_the_scale_is_a_score(value, classes):
    found = read_answer(answer(json.dumps({"reason": "r", "score": value})), classes)
    right = isinstance(value, int | float) and not isinstance(value, bool) and value in range(classes)
    assert found.score == (int(value) if right else None)
