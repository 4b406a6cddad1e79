"""From a raw row to a record: defaults, label rules, and the one reason why not."""

from __future__ import annotations

from typing import Any

import pytest

from guardrank.annotations.labels import LabelRule
from guardrank.annotations.parsing import RejectedRowError, RowParser
from guardrank.dimensions import Dimension
from guardrank.records import RawRow, Record

ROW = {"response": "No.", "dimension": "privacy"}


def parse(parser: RowParser | None = None, **fields: Any) -> Record:
    given = {name: value for name, value in (ROW | fields).items() if value != "ABSENT"}
    return (parser or RowParser()).parse(RawRow("rows.jsonl", 7, given))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"response": "ABSENT"}, "no response"),
        ({"response": None}, "no response"),
        ({"response": " \n"}, "no response"),
        ({"dimension": "ABSENT"}, "no dimension: give --dim, or map the column that holds it"),
        ({"dimension": "kindness"}, "unknown dimension: 'kindness'"),
        ({"dimension": ["privacy"]}, "unknown dimension: \"['privacy']\""),
        ({"human": 4}, "label off the scale: 4 is outside 0-3"),
        ({"human": -1}, "label off the scale: -1 is outside 0-3"),
        ({"human": "bad"}, "label off the scale: 'bad' is no score"),
        ({"human": [3, 1]}, "label off the scale: [3, 1] is outside 0-3"),
        ({"human": 2, "dimension": "truthfulness"}, "label off the scale: 2 is outside 0-1"),
        ({"annotations": [0, 4]}, "label off the scale: 4 is outside 0-3"),
        ({"annotations": "0;4"}, "label off the scale: annotations must be a list or an object of scores"),
        ({"annotations": [[1, 3]]}, "label off the scale: one annotator gives one score"),
        ({"source": "xstest", "human": 3}, "label off the scale: 3 is not one of 0, 1, 2"),
        ({"source": "diasafety", "human": 2}, "label off the scale: 2 is not 0 or 1"),
        ({"role": "third"}, "bad field: role"),
        ({"meta": "text"}, "bad field: meta"),
    ],
)
def test_a_row_is_rejected_for_one_reason(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(RejectedRowError) as caught:
        parse(**fields)
    assert str(caught.value).startswith(reason)


def test_an_importers_problem_is_passed_on() -> None:
    with pytest.raises(RejectedRowError, match="invalid UTF-8"):
        RowParser().parse(RawRow("rows.jsonl", 7, problem="invalid UTF-8"))


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({}, "id", "rows.jsonl:7"),
        ({"id": ""}, "id", "rows.jsonl:7"),
        ({"id": 0}, "id", "0"),
        ({"dimension": "ABSENT", "subtask": "Trade Secret"}, "dimension", Dimension.PRIVACY),
        ({"response": 42}, "response", "42"),
        ({"human": "2"}, "human", 2),
        ({"human": "1-3"}, "human", (1, 3)),
        ({"annotations": [3, None, 1, "2"]}, "human", 2),
        ({"annotations.ann": "3", "annotations.bob": "1"}, "human", 1),
        ({"annotations": {"ann": 3}, "human": 0}, "human", 0),
        ({"judges.gpt-4": 2}, "judges", {"gpt-4": 2}),
        ({"source": "xstest", "human": 1}, "human", (1, 2)),
        ({"source": "diasafety", "human": 1}, "human", (1, 3)),
        ({"source": "diasafety", "human": 1, "dimension": "truthfulness"}, "human", 1),
        ({"source": "halluqa_zh_llmonly", "dimension": "truthfulness", "judges": {"gpt-4": 1}}, "human", 1),
        ({"source": "evouna", "meta": {"reference": "four"}}, "reference", "four"),
        ({"source": "evouna", "meta": {"reference": "four"}, "reference": "4"}, "reference", "4"),
        ({"source": "unheard-of", "human": 3}, "human", 3),
    ],
)
def test_what_a_row_becomes(fields: dict[str, Any], name: str, value: Any) -> None:
    assert getattr(parse(**fields), name) == value


@pytest.mark.parametrize(
    ("parser", "fields", "name", "value"),
    [
        (RowParser(dim=Dimension.BIAS), {"dimension": "ABSENT"}, "dimension", Dimension.BIAS),
        (RowParser(dim=Dimension.BIAS), {}, "dimension", Dimension.PRIVACY),
        (RowParser(mapping={"prompt": "q"}), {"q": "Who?"}, "prompt", "Who?"),
        (RowParser(rule=LabelRule(binary=True)), {"human": 1}, "human", (1, 3)),
        (RowParser(rule=LabelRule(field="meta.label")), {"meta": {"label": 3}, "human": 0}, "human", 3),
        (RowParser(rule=LabelRule(field="judges.gpt-4.1")), {"judges": {"gpt-4.1": 1}}, "human", 1),
        (RowParser(rule=LabelRule(classes=6)), {"human": 5, "annotations": [5]}, "annotations", [5]),
        (RowParser(rule=LabelRule()), {"source": "diasafety", "human": 1}, "human", 1),
    ],
)
def test_what_the_parser_is_told(parser: RowParser, fields: dict[str, Any], name: str, value: Any) -> None:
    assert getattr(parse(parser, **fields), name) == value
