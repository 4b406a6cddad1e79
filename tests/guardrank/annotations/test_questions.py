"""What people were asked."""

import pytest

from guardrank.annotations import find_question, load_questions, load_sources
from guardrank.annotations.questions import Finer, Question
from guardrank.errors import UsageError
from guardrank.records import Record, Verdict


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


def test_a_finer_question_has_an_answer_for_each_of_its_classes():
    finer = {name: one.finer for name, one in load_questions().items() if one.finer}
    assert finer
    for name, one in finer.items():
        asked, fine = load_questions()[name], load_questions()[one.question]
        assert len(one.classes) == len(fine.classes)
        assert set(one.classes) == set(range(len(asked.classes)))
        assert set(asked.sources) <= set(fine.sources)


def test_a_verdict_on_the_finer_question_is_coarsened():
    finer = Finer(question="tone", classes=(0, 1, 0))
    verdict = Verdict(id="a", score=2, probs=(0.2, 0.3, 0.5), confidence=0.5, truncated=True, judge="j@1")
    coarse = finer.coarsen(verdict)
    assert (coarse.score, coarse.probs, coarse.expected, coarse.confidence) == (0, (0.7, 0.3), 0.3, 0.7)
    assert coarse.truncated
    others = [
        Verdict(id="a", score=1, probs=(0.2, 0.8), judge="j@1"),
        Verdict(id="a", score=1, judge="j@1"),
        Verdict(id="a", score=None, error="too_long", judge="j@1"),
    ]
    assert [finer.coarsen(other) for other in others] == others


def test_a_finer_answer_that_is_no_class_is_refused():
    with pytest.raises(ValueError, match="label 2 is none of the 2 classes"):
        Question(title="?", classes=("no", "yes"), finer=Finer(question="tone", classes=(0, 1, 2)))


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
