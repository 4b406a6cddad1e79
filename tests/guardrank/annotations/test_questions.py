"""What people were asked."""

import pytest

from guardrank.annotations import find_question, load_questions, load_sources
from guardrank.annotations.questions import Question
from guardrank.errors import UsageError
from guardrank.records import Record


def record(**fields):
    return Record.model_validate({"response": "r", "dimension": "legality", **fields})


def test_every_known_question_is_asked_of_known_sources():
    assert load_questions()
    for question in load_questions().values():
        assert question.sources and set(question.sources) <= set(load_sources())
        assert len(set(question.classes)) == len(question.classes)


def test_annotators_answers_become_labels():
    question = find_question("xstest-refusal")
    meta = {"annotation_1": "1_full_compliance", "annotation_2": "3_partial_refusal"}
    assert question.annotations(record(meta=meta)) == {"first": 2, "second": 1}
    assert question.annotations(record(meta=meta | {"annotation_2": "??"})) == {"first": 2, "second": None}
    assert question.annotations(record()) == {"first": None, "second": None}


def test_answers_that_the_question_does_not_know_are_named():
    question = find_question("xstest-refusal")
    assert question.unread(record(meta={"annotation_1": "1_full_compliance", "annotation_2": "??"})) == ["second"]
    assert question.unread(record(meta={"annotation_1": "", "annotation_2": None})) == []
    unclear = Question(
        title="?", classes=("a", "b"), annotators={"x": "meta.x"}, annotator_values={"unclear": None}
    )
    assert unclear.unread(record(meta={"x": "unclear"})) == []


def test_labels_are_read_by_the_questions_rule():
    rule = find_question("faithbench-unfaithful").rule
    assert [rule.convert(raw, 1) for raw in (0, 1, 2, 3, None)] == [0, 0, 1, 1, None]
    assert find_question("do-not-answer-action").rule.convert(5, 3) == 5


@pytest.mark.parametrize("values", [{"bad": 2}, {"bad": -1}])
def test_a_value_that_is_no_class_is_refused(values):
    with pytest.raises(ValueError, match="is none of the 2 classes"):
        Question(title="?", classes=("no", "yes"), annotator_values=values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("questions: {}", "holds 0 questions"),
        ("questions: {a: {title: A, classes: [x, y]}, b: {title: B, classes: [x, y]}}", "holds 2 questions"),
        ("questions: {a: {title: A}}", "cannot be read"),
        ("- not a mapping", "cannot be read"),
        ("{", "cannot be read"),
    ],
)
def test_a_file_that_holds_no_single_question_is_refused(tmp_path, text, message):
    file = tmp_path / "question.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        find_question(str(file))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError, match="no question harm: one of xstest-refusal, do-not-answer-harmful"):
        find_question("harm")
