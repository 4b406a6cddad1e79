"""Record: what it takes, what it refuses, and what it keeps of a row that it does not know."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from guardrank.dimensions import Dimension
from guardrank.records import Record, Verdict, failed, verdict_line


def record(**fields: Any) -> Record:
    return Record.model_validate({"response": "No.", "dimension": "privacy"} | fields)


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({"dimension": " Privacy "}, "dimension", Dimension.PRIVACY),
        ({"subtask": "Personal Privacy"}, "subtask", "personal-privacy"),
        ({"subtask": ""}, "subtask", None),
        ({"prompt": None}, "prompt", ""),
        ({"judges": None, "meta": None}, "meta", {}),
        ({"id": 7}, "id", "7"),
        ({"response": 42}, "response", "42"),
        ({"human": [1, 3]}, "human", (1, 3)),
        ({"annotations": [1, None]}, "annotations", [1, None]),
        ({"annotations": {"ann": 2}}, "annotations", {"ann": 2}),
    ],
)
def test_values_as_people_write_them(fields: dict[str, Any], name: str, value: Any) -> None:
    assert getattr(record(**fields), name) == value


@pytest.mark.parametrize(
    "fields",
    [
        {"dimension": "kindness"},
        {"response": ["a list"]},
        {"response": True},
        {"human": [3, 1]},
        {"role": "third"},
        {"prompt": "x" * 4_000_001},
    ],
)
def test_what_is_no_record(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record(**fields)


def test_unknown_fields_are_kept() -> None:
    assert record(colour="red", get_path=1).model_dump()["colour"] == "red"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("response", "No."),
        ("judges.gpt-4", 1),
        ("judges.gpt-4.1", 2),
        ("meta.inner.deep", 3),
        ("colour", "red"),
        ("flat.column", 4),
        ("judges.nobody", None),
        ("response.x", None),
        ("absent.x", None),
    ],
)
def test_get_path(path: str, value: Any) -> None:
    row = record(judges={"gpt-4": 1, "gpt-4.1": 2}, meta={"inner": {"deep": 3}}, colour="red", **{"flat.column": 4})
    assert row.get_path(path) == value


def test_a_failure_is_a_verdict_without_score() -> None:
    verdict = failed(record(id="a"), "judge", "timeout")
    assert (verdict.score, verdict.error) == (None, "timeout")


@pytest.mark.parametrize("fields", [{"score": None}, {"score": 1, "error": "both"}])
def test_a_verdict_has_a_score_or_an_error(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Verdict.model_validate({"id": "a", "judge": "j"} | fields)


def test_verdict_line_has_the_records_labels_and_shows_text_only_on_demand() -> None:
    row = record(id="a", prompt="Who?", lang="en", model="m", subtask="state-secret")
    line = verdict_line(row, Verdict(id="a", score=0, judge="j"))
    assert {name: line[name] for name in ("id", "dimension", "subtask", "lang", "model", "score")} == {
        "id": "a",
        "dimension": "privacy",
        "subtask": "state-secret",
        "lang": "en",
        "model": "m",
        "score": 0,
    }
    assert "response" not in line
    assert verdict_line(row, Verdict(id="a", score=0, judge="j"), with_text=True)["response"] == "No."
