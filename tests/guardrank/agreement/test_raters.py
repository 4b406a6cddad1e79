"""What stands after ``--judge``, and the judge that it opens."""

import pytest
from tests_support.judges import write_tiny_judge
from tests_support.rows import write_jsonl

from guardrank.agreement.asked import ask, ask_as_it_stands
from guardrank.agreement.raters import chat_settings, check_spec, open_judge, parse_spec, parse_specs
from guardrank.agreement.settings import StudySettings
from guardrank.annotations import Question, find_question
from guardrank.annotations.questions import Finer
from guardrank.errors import JudgeError, UsageError
from guardrank.judge import write_manifest
from guardrank.llm_judge.options import ChatOptions
from guardrank.records import Record


@pytest.mark.parametrize(
    "text, name, kind, target",
    [
        ("keyword", "keyword", "keyword", "keyword"),
        ("rule=keyword", "rule", "keyword", "keyword"),
        ("judges/toxicity", "toxicity", "folder", "judges/toxicity"),
        ("judges/toxicity/", "toxicity", "folder", "judges/toxicity/"),
        ("someone/judge", "judge", "folder", "someone/judge"),
        ("ours=judges/toxicity", "ours", "folder", "judges/toxicity"),
        ("runs/lr=1e-4/judge", "judge", "folder", "runs/lr=1e-4/judge"),
        ("file:a/xstest.verdicts.jsonl.gz", "xstest", "file", "a/xstest.verdicts.jsonl.gz"),
        ("them=file:C:/v=1.jsonl", "them", "file", "C:/v=1.jsonl"),
        ("column:gpt-4", "gpt-4", "column", "gpt-4"),
        ("column:gpt-4(unknown=1)", "gpt-4(unknown=1)", "column", "gpt-4(unknown=1)"),
        ("gpt-4=column:gpt-4(unknown=1)", "gpt-4", "column", "gpt-4(unknown=1)"),
        ("openai:gpt-4o", "gpt-4o", "openai", "gpt-4o"),
        ("openai:meta-llama/Llama-3:8b", "meta-llama/Llama-3:8b", "openai", "meta-llama/Llama-3:8b"),
    ],
)
def test_specs(text, name, kind, target):
    spec = parse_spec(text)
    assert (spec.name, spec.kind, spec.target) == (name, kind, target)
    assert text.endswith(spec.text)


def test_a_folder_with_an_equals_sign_in_its_name(tmp_path, monkeypatch):
    (tmp_path / "lr=1").mkdir()
    monkeypatch.chdir(tmp_path)
    assert parse_spec("lr=1").target == "lr=1"
    assert parse_spec("lr=1").name == "lr=1"
    assert parse_spec(".").name == tmp_path.name


@pytest.mark.parametrize(
    "texts, problem",
    [
        ([], "no judge: name one with --judge"),
        (["column:"], "nothing stands after column:"),
        (["x=file:"], "nothing stands after file:"),
        (["colum:gpt-4"], "begins with none of file:, column: and openai:"),
        (["column:m", "keyword", "m=keyword"], "two judges are called m: give one another name, OTHER=keyword"),
    ],
)
def test_specs_that_are_not_understood(texts, problem):
    with pytest.raises(UsageError, match=problem):
        parse_specs(texts)


def rows(count=2, dimension="toxicity"):
    return [Record(id=f"r{i}", response="Sure.", dimension=dimension, judges={"m": 1}) for i in range(count)]


@pytest.fixture
def settings(tmp_path):
    return StudySettings(("d",), (), tmp_path)


REFUSAL = ask("xstest-refusal", find_question("xstest-refusal"), binary=False)
TWO = ask("two", Question(title="t", classes=("safe", "unsafe")), binary=False)
SCALE = ask_as_it_stands(rows(), binary=False)


@pytest.mark.parametrize("asked, top", [(REFUSAL, 2), (TWO, 1), (SCALE, 3)])
def test_the_keyword_rule_answers_on_the_scale_of_the_labels(settings, asked, top):
    (verdict,) = open_judge(parse_spec("keyword"), asked, rows(1), settings).score(rows(1))
    assert verdict.score == top


def test_file_and_column(settings, tmp_path):
    file = write_jsonl(tmp_path / "v.jsonl", [{"id": "r1", "label": "unsafe"}])
    verdicts = list(open_judge(parse_spec(f"file:{file}"), TWO, rows(), settings).score(rows()))
    assert [verdict.score for verdict in verdicts] == [None, 1]
    assert [v.score for v in open_judge(parse_spec("column:m"), TWO, rows(), settings).score(rows())] == [1, 1]


def test_ids_that_repeat_cannot_be_matched_with_verdicts(settings, tmp_path):
    file = write_jsonl(tmp_path / "v.jsonl", [{"id": "r0", "score": 1}])
    with pytest.raises(UsageError, match="two rows of the data have the id 'r0'"):
        open_judge(parse_spec(f"file:{file}"), TWO, rows(1) * 2, settings)


class TestFolder:
    @pytest.mark.parametrize("asked", [TWO, SCALE])
    def test_a_question_of_two_classes_or_of_its_own_scale(self, judge, settings, asked):
        spec = parse_spec(str(judge))
        check_spec(spec, asked, rows(), settings)
        verdicts = list(open_judge(spec, asked, rows(), settings).score(rows()))
        assert all(len(verdict.probs) == 4 and verdict.judge.startswith("two@") for verdict in verdicts)

    def test_another_scale_is_refused_before_it_is_loaded(self, judge, settings):
        with pytest.raises(UsageError, match="judge two gives 4 labels in toxicity, and what is asked has 3"):
            check_spec(parse_spec(str(judge)), REFUSAL, rows(), settings)

    def test_dimensions_that_do_not_occur_do_not_matter(self, judge, settings):
        two_in_truthfulness = ask_as_it_stands(rows(dimension="truthfulness"), binary=False)
        check_spec(parse_spec(str(judge)), two_in_truthfulness, rows(dimension="truthfulness"), settings)
        check_spec(parse_spec(str(judge)), REFUSAL, rows(dimension="bias"), settings)

    def test_a_judge_of_another_label_set(self, checkpoints, settings, tmp_path):
        written = write_tiny_judge(tmp_path / "three", checkpoints["bert"], ("toxicity",))
        other = written.manifest.model_copy(update={"own_labels": True})
        write_manifest(written.folder, other)
        for asked in (TWO, REFUSAL):  # its four labels are no degrees of what is asked
            with pytest.raises(UsageError, match="gives 4 labels"):
                check_spec(parse_spec(str(written.folder)), asked, rows(), settings)
        four = Question(title="t", classes=("a", "b", "c", "d"))
        check_spec(parse_spec(str(written.folder)), ask("t", four, binary=False), rows(), settings)
        check_spec(parse_spec(str(written.folder)), ask("t", four, binary=True), rows(), settings)
        coarser = Question(title="t", classes=("x", "y"), finer=Finer(question="four", classes=(0, 1, 1, 0)))
        check_spec(parse_spec(str(written.folder)), ask("t", coarser, binary=False), rows(), settings)

    def test_no_judge_folder(self, settings, tmp_path):
        file = write_jsonl(tmp_path / "v.jsonl", [])
        with pytest.raises(JudgeError, match=f"verdicts in a file are named file:{file}"):
            open_judge(parse_spec(str(file)), TWO, rows(), settings)
        with pytest.raises(JudgeError, match="there is no judge folder nowhere"):
            open_judge(parse_spec("nowhere"), TWO, rows(), settings)


def test_a_missing_file_is_told_before_anything_is_scored(settings):
    with pytest.raises(UsageError, match="there is no verdict file nowhere"):
        check_spec(parse_spec("file:nowhere"), TWO, rows(), settings)


def test_a_missing_key_is_told_before_anything_is_scored(settings, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UsageError, match="no key: put it into the environment variable OPENAI_API_KEY"):
        check_spec(parse_spec("openai:gpt-4o"), TWO, rows(), settings)


def test_chat_models_share_the_money(tmp_path):
    settings = StudySettings(("d",), (), tmp_path, chat=ChatOptions(max_cost=5.0, few_shot=True, concurrency=3))
    chat = chat_settings(parse_spec("openai:gpt-4o"), SCALE, settings, spent=1.5)
    assert (chat.max_cost, chat.few_shot, chat.concurrency, chat.question) == (3.5, True, 3, None)
    assert chat_settings(parse_spec("openai:gpt-4o"), TWO, settings, spent=9.0).max_cost == 0
    assert chat_settings(parse_spec("openai:gpt-4o"), REFUSAL, settings).question.classes == REFUSAL.classes
