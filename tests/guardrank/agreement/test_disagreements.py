"""The rows on which raters and people differ most."""

import numpy as np
import pytest

from guardrank.agreement.answers import Answers
from guardrank.agreement.asked import ask_as_it_stands
from guardrank.agreement.disagreements import MAX_TEXT_CHARS, find_disagreements
from guardrank.agreement.results import Rater
from guardrank.agreement.rows import Rows
from guardrank.records import Record, RejectLog


def rows_of(labels, clusters=None, **fields):
    records = [
        Record(**{"id": f"r{i}", "prompt": f"p{i}", "response": f"x{i}", "dimension": "bias", "human": 3} | fields)
        for i in range(len(labels))
    ]
    return Rows(
        asked=ask_as_it_stands(records, binary=False),
        records=records,
        labels=np.array(labels),
        clusters=np.arange(len(labels)) if clusters is None else np.array(clusters),
        annotators=[],
        annotations=np.zeros((len(labels), 0), np.int64),
        unlabelled=0,
        left_out=0,
        rejects=RejectLog(),
        files=[],
    )


def rater(name, scores, confidence=None):
    n = len(scores)
    sure = np.full(n, np.nan) if confidence is None else np.array(confidence)
    facts = Rater(name=name, spec=name, judge=name, answered=n, failures={})
    return Answers(facts, np.array(scores), sure, np.zeros(n, np.bool_))


def ids(found):
    return [one.id for one in found]


def test_distance_is_the_share_of_the_scale_times_confidence():
    found = find_disagreements(rows_of([0, 0, 3]), [rater("a", [3, 1, 0], [0.5, 1.0, 0.9])])
    assert [(one.id, one.distance) for one in found] == [
        ("r2", 0.9),
        ("r0", 0.5),
        ("r1", pytest.approx(1 / 3, abs=1e-6)),
    ]
    assert (found[0].label, found[0].scores) == (3, {"a": 0})


def test_rows_on_which_all_agree_are_not_told():
    assert find_disagreements(rows_of([0, 1]), [rater("a", [0, 1])]) == []


def test_a_failure_is_no_disagreement():
    (one,) = find_disagreements(rows_of([3, 3]), [rater("a", [-1, 0]), rater("b", [-1, -1])])
    assert (one.id, one.scores, one.distance) == ("r1", {"a": 0, "b": None}, 1.0)


def test_raters_take_turns():
    many, one = [3] * 9 + [0], [0] * 9 + [2]
    found = find_disagreements(rows_of([0] * 10), [rater("wild", many), rater("calm", one)], most=2)
    assert set(ids(found)) == {"r0", "r9"}


def test_of_rows_alike_the_one_that_more_raters_are_off_on_comes_first():
    found = find_disagreements(rows_of([0, 0, 0]), [rater("a", [3, 3, 3]), rater("b", [0, 3, 0])], most=1)
    assert ids(found) == ["r1"]


def test_one_row_a_prompt():
    found = find_disagreements(rows_of([0, 0, 0, 0], [5, 5, 5, 6]), [rater("a", [3, 2, 1, 1])])
    assert ids(found) == ["r0", "r3"]


def test_at_most_thirty():
    assert len(find_disagreements(rows_of([0] * 100), [rater("a", [1] * 100), rater("b", [2] * 100)])) == 30


def test_long_texts_are_cut_and_say_so():
    rows = rows_of([0], response="x" * (MAX_TEXT_CHARS + 1200), reference="r")
    (one,) = find_disagreements(rows, [rater("a", [3])])
    assert one.response == "x" * MAX_TEXT_CHARS + "… (1,200 characters more)"
    assert (one.prompt, one.reference) == ("p0", "r")
