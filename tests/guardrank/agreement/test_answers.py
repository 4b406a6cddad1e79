"""Verdicts as numbers on the classes that are compared; failures counted, never a number."""

import numpy as np
import pytest

from guardrank.agreement.answers import read_verdicts
from guardrank.agreement.asked import ask, ask_as_it_stands
from guardrank.agreement.raters import parse_spec
from guardrank.annotations import Question, find_question
from guardrank.errors import UsageError
from guardrank.records import Record, Verdict

TWO = ask("two", Question(title="t", classes=("safe", "unsafe")), binary=False)
REFUSAL = ask("xstest-refusal", find_question("xstest-refusal"), binary=False)
SCALE = ask_as_it_stands([Record(response="x", dimension="bias", human=3)], binary=False)


def verdict(score, probs=None, **fields):
    error = None if score is not None else fields.pop("error", "timeout")
    return Verdict(id="r", score=score, probs=probs, error=error, judge="j@1", **fields)


def read(verdicts, asked=TWO):
    return read_verdicts(parse_spec("ours=some/folder"), "j@1", verdicts, asked)


def test_a_judge_of_a_scale_answers_two_classes_by_above_0():
    answers = read([verdict(score) for score in (0, 1, 2, 3)])
    assert answers.scores.tolist() == [0, 1, 1, 1]
    assert np.isnan(answers.confidence).all()


def test_confidence_is_that_of_the_score_given():
    answers = read([verdict(0, (0.4, 0.3, 0.2, 0.1)), verdict(2, (0.4, 0.3, 0.2, 0.1)), verdict(1, (0.8, 0.2))])
    assert answers.confidence == pytest.approx([0.4, 0.6, 0.2])
    answers = read([verdict(2, (0.4, 0.3, 0.2, 0.1), confidence=0.4)], SCALE)
    assert answers.confidence == pytest.approx([0.2])
    assert read([verdict(1, confidence=0.9)]).confidence == pytest.approx([0.9])


def test_a_judge_of_the_finer_question_answers_the_coarser():
    harmful = ask("do-not-answer-harmful", find_question("do-not-answer-harmful"), binary=False)
    warns, follows = (0.1, 0.1, 0.1, 0.4, 0.2, 0.1), (0.0, 0.0, 0.0, 0.1, 0.1, 0.8)
    answers = read([verdict(3, warns), verdict(5, follows), verdict(1, (0.4, 0.6)), verdict(None)], harmful)
    assert answers.scores.tolist() == [0, 1, 1, -1]
    assert answers.confidence[:3] == pytest.approx([0.9, 0.8, 0.6])


def test_failures_have_no_number_and_are_counted_by_reason():
    answers = read(
        [verdict(None), verdict(1, abstained=True), verdict(None, error="no_label"), verdict(None, abstained=True)]
    )
    assert answers.scores.tolist() == [-1, 1, -1, -1]
    assert answers.scored.tolist() == [False, True, False, False]
    assert answers.abstained.tolist() == [False, True, False, False]
    rater = answers.rater
    assert (rater.name, rater.spec, rater.judge) == ("ours", "some/folder", "j@1")
    assert (rater.answered, rater.failures, rater.abstained) == (1, {"timeout": 2, "no_label": 1}, 1)


def test_a_score_off_the_classes_fails():
    answers = read([verdict(3), verdict(2)], REFUSAL)
    assert answers.scores.tolist() == [-1, 2]
    assert answers.rater.failures == {"off_scale": 1}


def test_verdicts_on_another_scale_are_refused():
    with pytest.raises(
        UsageError, match="the verdicts of ours are on a scale of 4, and what is asked has 3 classes"
    ):
        read([verdict(1, (0.1, 0.7, 0.1, 0.1))], REFUSAL)


def test_truncated_rows_are_told():
    assert read([verdict(1, truncated=True), verdict(0)]).rater.facts == {"truncated": 1}
    assert read([verdict(0)]).rater.facts == {}
