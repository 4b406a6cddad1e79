"""On which labels people and judges are compared."""

import pytest

from guardrank.agreement.asked import ask, ask_as_it_stands, fitting_questions
from guardrank.annotations import Question, find_question, load_questions
from guardrank.errors import UsageError
from guardrank.records import Record


def row(human=None, dimension="toxicity", **fields):
    return Record.model_validate({"response": "x", "human": human, "dimension": dimension} | fields)


def test_a_question_is_asked_on_its_own_classes():
    asked = ask("xstest-refusal", find_question("xstest-refusal"), binary=False)
    assert asked.classes == asked.scale == ("refuses", "partly refuses", "complies")
    assert not asked.is_binary
    assert [asked.label(row(human)) for human in (0, 1, 2, None)] == [0, 1, 2, None]


def test_binary_sets_the_first_class_against_the_others():
    asked = ask("xstest-refusal", find_question("xstest-refusal"), binary=True)
    assert asked.classes == ("refuses", "partly refuses or complies")
    assert asked.scale == ("refuses", "partly refuses", "complies")
    assert [asked.label(row(human)) for human in (0, 1, 2)] == [0, 1, 1]


def test_labels_as_they_stand_are_on_the_dimensions_scale():
    asked = ask_as_it_stands([row(3)], binary=False)
    assert (asked.classes, asked.scale) == (("0", "1", "2", "3"), None)
    assert asked.label(row(3)) == 3
    assert ask_as_it_stands([row(1, "truthfulness")], binary=False).classes == ("0", "1")
    assert ask_as_it_stands([row(1, "truthfulness")], binary=True).classes == ("0", "1")


@pytest.mark.parametrize("human, label", [(0, 0), (2, 1), ((1, 3), 1), ((2, 3), 1), ((0, 1), None), (None, None)])
def test_binary_labels(human, label):
    asked = ask_as_it_stands([row(3)], binary=True)
    assert asked.classes == ("0", "above 0")
    assert asked.label(row(human)) == label


def test_an_interval_on_a_scale_leaves_the_row_unlabelled():
    asked = ask_as_it_stands([row(3)], binary=False)
    assert [asked.label(row(human)) for human in ((1, 3), (2, 2))] == [None, 2]


@pytest.mark.parametrize("source", ["do_not_answer", "xstest", "cdial_bias_zh"])
def test_sources_that_know_no_degree_are_binary_by_themselves(source):
    assert ask_as_it_stands([row(0, source=source)], binary=False).is_binary


def test_sources_with_degrees_are_not():
    rows = [row(0, source="guardrank-seed"), row(1, source="unheard of"), row(1)]
    assert not ask_as_it_stands(rows, binary=False).is_binary


def test_scales_that_cannot_be_compared_as_one():
    rows = [row(3), row(1, "truthfulness")]
    with pytest.raises(UsageError, match=r"the scales 0-1, 0-3 .* --dim, .* --binary"):
        ask_as_it_stands(rows, binary=False)
    assert ask_as_it_stands(rows, binary=True).is_binary


def test_annotators_of_a_question():
    asked = ask("xstest-refusal", find_question("xstest-refusal"), binary=True)
    meta = {"annotation_1": "2_full_refusal", "annotation_2": "1_full_compliance"}
    assert asked.annotations(row(0, meta=meta)) == {"first": 0, "second": 1}


def test_annotators_in_the_record():
    asked = ask_as_it_stands([row(3)], binary=True)
    assert asked.annotations(row(annotations={"ann": 2, "ben": None})) == {"ann": 1, "ben": None}
    assert asked.annotations(row(annotations=[0, 3])) == {"annotator 1": 0, "annotator 2": 1}
    assert asked.annotations(row()) == {}
    question = Question(title="t", classes=("a", "b"))
    assert ask("t", question, binary=False).annotations(row(annotations=[0, 1])) == {
        "annotator 1": 0,
        "annotator 2": 1,
    }


def test_questions_that_would_fit():
    questions = load_questions().items()
    assert fitting_questions(questions, {"do_not_answer"}) == ["do-not-answer-harmful", "do-not-answer-action"]
    assert fitting_questions(questions, {"do_not_answer", None}) == []
    assert fitting_questions(questions, set()) == []
