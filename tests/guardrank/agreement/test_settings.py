"""What is asked for on the command line, as far as words go."""

from pathlib import Path

import pytest

from guardrank.agreement.settings import ALL_SLICES, StudySettings, parse_annotators, parse_by
from guardrank.errors import UsageError


def settings(**changes):
    return StudySettings(data=("d.jsonl",), judges=("keyword",), output=Path("study"), **changes)


def test_no_question():
    assert settings().find_question() is None
    assert settings(binary=True).find_question() is None


def test_a_question_by_name():
    name, question = settings(question="xstest-refusal").find_question()
    assert name == "xstest-refusal"
    assert question.classes == ("refuses", "partly refuses", "complies")


def test_a_question_in_a_file(tmp_path):
    file = tmp_path / "tone.yaml"
    file.write_text("questions: {any: {title: Tone, classes: [kind, rude], label: meta.tone}}", encoding="utf-8")
    name, question = settings(question=str(file)).find_question()
    assert (name, question.label) == ("tone", "meta.tone")


def test_a_question_spelt_with_options():
    name, question = settings(label="meta.tone", classes=3, annotators={"ann": "meta.ann"}).find_question()
    assert name == "meta.tone"
    assert (question.classes, question.values, question.annotators) == (("0", "1", "2"), {}, {"ann": "meta.ann"})


def test_named_classes_take_names_and_numbers():
    _, question = settings(label="meta.tone", class_names=("kind", "rude")).find_question()
    assert question.classes == ("kind", "rude")
    assert [question.rule.convert(raw, 3) for raw in ("rude", "kind", 1, "0", 1.0)] == [1, 0, 1, 0, 1]


def test_classes_without_a_label_are_those_of_human():
    name, question = settings(classes=2).find_question()
    assert (name, question.label) == ("human", "human")


@pytest.mark.parametrize(
    "options, problem",
    [
        ({"question": "xstest-refusal", "label": "x"}, "leave out --label"),
        ({"question": "xstest-refusal", "annotators": {"a": "b"}}, "leave out --label"),
        ({"question": "nothing-known"}, "no question nothing-known"),
        ({"label": "meta.tone"}, "Give --classes"),
        ({"annotators": {"a": "b"}}, "Give --classes"),
        ({"label": "x", "classes": 3, "class_names": ("a", "b")}, "--classes 3 and 2 times --class-name"),
        ({"label": "x", "class_names": ("a", "a")}, "same --class-name"),
    ],
)
def test_contradictions(options, problem):
    with pytest.raises(UsageError, match=problem):
        settings(**options).find_question()


def test_groupings():
    assert parse_by(None) == ALL_SLICES == ("dimension", "subtask", "lang", "model", "length", "refusal")
    assert parse_by("lang, dimension,all") == ("dimension", "lang")
    assert parse_by("") == ()
    with pytest.raises(UsageError, match="--by knows no colour: it takes dimension, subtask"):
        parse_by("lang,colour")


def test_annotators():
    assert parse_annotators(["ann=meta.ann", " ben = meta.b=c "]) == {"ann": "meta.ann", "ben": "meta.b=c"}
    for wrong in (["ann"], ["=meta.ann"], ["ann="], ["a=b", "a=c"]):
        with pytest.raises(UsageError, match="--annotator"):
            parse_annotators(wrong)
