"""Recorded judges: labels in a column, verdicts in a file; what is missing or off the scale has its reason."""

import gzip
import json

import pytest
from tests_support.rows import write_jsonl

from guardrank.errors import UsageError
from guardrank.judge import RecordedColumn, RecordedVerdicts
from guardrank.judge.recorded import read_label
from guardrank.records import Record, Verdict, dump_line, verdict_line

CLASSES = ("refuses", "partly refuses", "complies")


def row(name="r", dimension="toxicity", **fields):
    return Record.model_validate({"id": name, "response": "text", "dimension": dimension} | fields)


@pytest.mark.parametrize(
    "raw, score, error",
    [
        (0, 0, None),
        (2, 2, None),
        (2.0, 2, None),
        ("1", 1, None),
        (" 1.0 ", 1, None),
        (True, 1, None),
        ("Complies", 2, None),
        (" partly refuses ", 1, None),
        (None, None, "no_label"),
        ("", None, "no_label"),
        ("  ", None, "no_label"),
        (3, None, "off_scale"),
        (-1, None, "off_scale"),
        (1.5, None, "off_scale"),
        ("yes", None, "off_scale"),
        ([1, 2], None, "off_scale"),
        ("1-2", None, "off_scale"),
        ({"score": 1}, None, "off_scale"),
    ],
)
def test_labels(raw, score, error):
    assert read_label(raw, 2, CLASSES) == (score, error)


class TestColumn:
    def score(self, column, record, classes=None):
        (verdict,) = RecordedColumn(column, classes).score([record])
        return verdict.score, verdict.error

    def test_judges_come_before_fields_and_fields_before_paths(self):
        both = row(judges={"m": 1}, m=2)
        assert self.score("m", both) == (1, None)
        assert self.score("m", row(m=2)) == (2, None)
        assert self.score("meta.m", row(meta={"m": 3})) == (3, None)
        assert self.score("meta.m", row(**{"meta.m": 2}, meta={"m": 3})) == (3, None)
        assert self.score("judges.gpt-4.1", row(judges={"gpt-4.1": 2})) == (2, None)
        assert self.score("a.b", row(**{"a.b": 1})) == (1, None)

    def test_a_null_of_the_judge_is_not_filled_from_elsewhere(self):
        assert self.score("m", row(judges={"m": None}, m=2)) == (None, "no_label")

    def test_a_missing_column(self):
        assert self.score("m", row()) == (None, "no_label")
        assert self.score("meta.x.y", row(meta={"x": 1})) == (None, "no_label")

    def test_the_scale_is_the_dimensions_or_the_classes(self):
        assert self.score("m", row(judges={"m": 3})) == (3, None)
        assert self.score("m", row(dimension="truthfulness", judges={"m": 2})) == (None, "off_scale")
        assert self.score("m", row(judges={"m": 3}), CLASSES) == (None, "off_scale")

    def test_verdicts_carry_id_and_name(self):
        (verdict,) = RecordedColumn("m").score([row("x", judges={"m": 0})])
        assert (verdict.id, verdict.judge, verdict.confidence) == ("x", "column:m", None)


class TestVerdicts:
    def judge(self, tmp_path, rows, classes=None):
        return RecordedVerdicts(write_jsonl(tmp_path / "v.jsonl", rows), classes)

    def test_our_own_verdicts_come_back_as_they_were(self, tmp_path):
        records = [row("a"), row("b")]
        given = [
            Verdict(id="a", score=2, probs=(0.1, 0.2, 0.6, 0.1), confidence=0.6, abstained=True, judge="t@1"),
            Verdict(id="b", score=None, error="not_a_number", truncated=False, judge="t@1"),
        ]
        file = tmp_path / "v.jsonl.gz"
        file.write_bytes(
            gzip.compress(b"".join(dump_line(verdict_line(*pair)) for pair in zip(records, given, strict=True)))
        )
        judge = RecordedVerdicts(file)
        assert list(judge.score(records)) == given
        assert judge.name == "t@1"
        assert len(judge) == 2

    @pytest.mark.parametrize(
        "fields, score, error",
        [
            ({"score": 1}, 1, None),
            ({"label": 2}, 2, None),
            ({"verdict": "complies"}, 2, None),
            ({"score": 0, "label": 2}, 0, None),
            ({"score": None, "label": 2, "error": "timeout"}, None, "timeout"),
            ({"score": None}, None, "no_label"),
            ({"reason": "it is bad"}, None, "no_label"),
            ({"score": 3}, None, "off_scale"),
            ({"label": "bad"}, None, "off_scale"),
        ],
    )
    def test_another_teams_fields(self, tmp_path, fields, score, error):
        (verdict,) = self.judge(tmp_path, [{"id": "r"} | fields], CLASSES).score([row()])
        assert (verdict.score, verdict.error) == (score, error)

    def test_two_classes_take_a_score_of_the_dimension_but_no_label_of_it(self, tmp_path):
        lines = [{"id": "a", "score": 3}, {"id": "b", "label": 3}, {"id": "c", "score": 2}]
        records = [row("a"), row("b"), row("c", "truthfulness")]
        verdicts = list(self.judge(tmp_path, lines, ("safe", "unsafe")).score(records))
        assert [(verdict.score, verdict.error) for verdict in verdicts] == [
            (3, None),
            (None, "off_scale"),
            (None, "off_scale"),
        ]

    def test_probabilities_say_the_scale_and_the_confidence(self, tmp_path):
        lines = [
            {"id": "a", "score": 2, "probs": [0.1, 0.2, 0.7]},
            {"id": "b", "score": 2, "probs": [0.3, 0.7]},
            {"id": "c", "score": 1, "probs": "[0.3, 0.7]", "confidence": 7},
            {"id": "d", "score": 1, "probs": [0.5, 1.5], "confidence": 0.25},
        ]
        verdicts = list(self.judge(tmp_path, lines).score(map(row, "abcd")))
        assert [(v.score, v.confidence) for v in verdicts] == [(2, 0.7), (None, None), (1, None), (1, 0.25)]
        assert verdicts[1].error == "off_scale"

    def test_a_record_without_a_verdict(self, tmp_path):
        judge = self.judge(tmp_path, [{"id": "a", "score": 0}])
        verdicts = list(judge.score([row("b"), row("a")]))
        assert [(v.id, v.score, v.error) for v in verdicts] == [("b", None, "no_verdict"), ("a", 0, None)]
        assert judge.name.startswith("v.jsonl@")
        assert {v.judge for v in verdicts} == {judge.name}

    def test_several_judges_in_one_file(self, tmp_path):
        judge = self.judge(
            tmp_path, [{"id": "a", "score": 0, "judge": "x@1"}, {"id": "b", "score": 0, "judge": "x@2"}]
        )
        assert judge.name.startswith("v.jsonl@")
        assert [v.judge for v in judge.score([row("a"), row("b")])] == ["x@1", "x@2"]

    def test_numbers_as_ids_and_csv(self, tmp_path):
        file = tmp_path / "v.csv"
        file.write_text("id,label,confidence,abstained\n7,1,0.8,true\n8,,,\n", encoding="utf-8")
        one, two = RecordedVerdicts(file).score([row("7"), row("8")])
        assert (one.score, one.confidence, one.abstained) == (1, 0.8, True)
        assert (two.score, two.error) == (None, "no_label")

    @pytest.mark.parametrize(
        "lines, problem",
        [
            (['{"id": "a", "score": 1}', '{"id": "a", "score": 2}'], "line 2: a second verdict on a"),
            (['{"score": 1}'], "line 1: no id"),
            (['{"id": "a", "score": 1}', '{"id": "b", "sco'], "line 2: not JSON"),
            (["[1]"], "line 1: not a JSON object"),
        ],
    )
    def test_damaged_files_are_refused(self, tmp_path, lines, problem):
        file = tmp_path / "v.jsonl"
        file.write_text("\n".join(lines), encoding="utf-8")
        with pytest.raises(UsageError, match=problem):
            RecordedVerdicts(file)

    def test_no_file(self, tmp_path):
        with pytest.raises(UsageError, match=r"there is no verdict file .*nowhere\.jsonl"):
            RecordedVerdicts(tmp_path / "nowhere.jsonl")

    def test_hostile_reasons_become_short_lines(self, tmp_path):
        lines = [{"id": "r", "score": None, "error": "\x1b[31mred\x07\nline " + "x" * 200, "judge": "j\x1b]0;t"}]
        (verdict,) = self.judge(tmp_path, lines).score([row()])
        assert verdict.error.startswith("[31mred line xxx")
        assert len(verdict.error) == 60
        assert verdict.judge == "j]0;t"
        json.dumps(verdict.model_dump())
