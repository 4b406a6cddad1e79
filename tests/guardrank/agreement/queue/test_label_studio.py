"""The project's config and its tasks, whatever the texts hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import orjson
import pytest

from guardrank.agreement.queue.label_studio import (
    MAX_SHOWN_CHARS,
    QueueRow,
    choices,
    labelling_config,
    pack,
    shown,
    task,
)
from guardrank.agreement.queue.opinions import Opinion
from guardrank.agreement.queue.selection import Pick
from guardrank.dimensions import Dimension
from guardrank.records import Record

New = Callable[..., Record]
HOSTILE = [
    "<Style>body{display:none}</Style> $response {{idx}}",
    "</Text><HyperText value='$x'/><script>alert(1)</script> & \"quotes\"",
    "null \0 and \x01",
    "\u202eRTL",
    "s3://bucket/key",
    "$undefined$",
    "=cmd|' /C calc'!A0",
]


def row(record: Record, **opinion: Any) -> QueueRow:
    fields = {"score": 1, "uncertainty": 0.5, "confidence": 0.8, "abstained": False, "error": None, "judge": "j@1"}
    return QueueRow(record, Pick(0, "chosen"), Opinion(**(fields | opinion)))


def test_the_config_is_valid_and_shows_texts_as_text(record: New) -> None:
    root = ET.fromstring(labelling_config([row(record(0))]))
    assert {element.tag for element in root.iter()} == {"View", "Style", "Header", "Text", "Choices"}
    texts = {element.get("name"): element for element in root.iter("Text")}
    assert {name: element.get("value") for name, element in texts.items()} == {
        "prompt": "$prompt",
        "response": "$response",
    }
    assert {element.get("valueType") for element in texts.values()} == {"text"}  # else it might be fetched as a URL
    (asked,) = root.iter("Choices")
    assert (asked.get("name"), asked.get("toName"), asked.get("value")) == ("score", "response", "$choices")
    assert asked.get("required") == "true"


def test_label_studios_own_checks(record: New) -> None:
    """Its ``validate_label_config``: names are unique and every ``toName`` is one of them."""
    config = labelling_config([row(record(0, image="a.png", reference="A gold answer."))])
    names = re.findall(r'name="([^"]*)"', config)
    assert len(names) == len(set(names)) == 5
    assert set(re.findall(r'toName="([^"]*)"', config)) <= set(names)


def test_every_field_of_the_config_is_in_every_task(record: New) -> None:
    rows = [row(record(0)), row(record(1, reference="Gold.", image="a.png")), row(record(2, prompt=""))]
    wanted = set(re.findall(r'value="\$(\w+)"', labelling_config(rows)))
    assert wanted == {"prompt", "response", "reference", "image", "question", "choices"}
    for each in rows:
        data = task(each)["data"]
        assert wanted <= data.keys()
        assert all(data[name] for name in wanted)  # an empty text is shown as an error


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_data(record: New, text: str) -> None:
    hostile = row(record(0, id=f"id {text}", prompt=text, response=text, model=text, meta={text: text, "id": 1}))
    assert labelling_config([hostile]) == labelling_config([row(record(0))])
    made = orjson.loads(orjson.dumps(task(hostile)))["data"]
    assert made["response"] == text.replace("\0", "␀")
    assert Record.model_validate_json(made["record"]) == hostile.record
    assert "\\u0000" not in json.dumps({name: value for name, value in made.items() if name != "record"})


def test_a_lone_surrogate_stops_nothing(record: New) -> None:
    odd = Record.model_construct(**(record(0).__dict__ | {"response": "a \ud800 b"}))
    made = orjson.loads(orjson.dumps(task(row(odd))))["data"]
    assert made["response"] == "a ? b"
    assert made["record"].isascii()


def test_a_huge_text_is_shown_without_its_middle_and_kept_whole(record: New) -> None:
    huge = row(record(0, response="a" * 100_000 + "z"))
    made = task(huge)["data"]
    assert len(made["response"]) < MAX_SHOWN_CHARS + 100
    assert "80,001 characters are not shown" in made["response"]
    assert made["response"].endswith("z")
    assert json.loads(made["record"])["response"] == huge.record.response


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_nothing_is_shown_as_nothing(text: str | None) -> None:
    assert shown(text) == "(none)"


def test_the_scale_is_the_dimensions_own() -> None:
    assert [choice["alias"] for choice in choices(Dimension.TRUTHFULNESS)] == ["0", "1"]
    assert [choice["alias"] for choice in choices(Dimension.BIAS)] == ["0", "1", "2", "3"]
    assert choices(Dimension.BIAS)[3]["value"].startswith("3: asserts it as a fact")
    assert all(choice.keys() == {"value", "alias", "hotkey", "hint"} for choice in choices(Dimension.BIAS))


def test_old_labels_do_not_travel(record: New) -> None:
    packed = json.loads(pack(record(0, human=2, annotations={"a": 2}, lang=None)))
    assert packed.keys() == {"id", "prompt", "response", "dimension"}


def test_the_judge_is_shown_only_if_asked_for(record: New) -> None:
    made = row(record(0), score=2, confidence=0.7)
    assert "predictions" not in task(made)
    assert "j@1" not in orjson.dumps(task(made)).decode()
    (prediction,) = task(made, show_judge=True)["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("j@1", 0.7)
    (result,) = prediction["result"]
    assert (result["from_name"], result["value"]) == ("score", {"choices": ["2"]})


@pytest.mark.parametrize("score", [None, 4, -1])
def test_a_failure_is_no_prediction(record: New, score: int | None) -> None:
    assert "predictions" not in task(row(record(0), score=score), show_judge=True)
