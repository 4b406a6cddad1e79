"""Column mapping and the dotted columns of flat files."""

from __future__ import annotations

from typing import Any

import pytest

from guardrank.annotations.mapping import apply_mapping, nest, parse_mapping
from guardrank.errors import UsageError
from guardrank.records import look_up


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        (None, {}),
        ("", {}),
        ("prompt=question", {"prompt": "question"}),
        (" prompt = question , response=output,", {"prompt": "question", "response": "output"}),
        ("human=meta.label", {"human": "meta.label"}),
        ("response=a=b", {"response": "a=b"}),
    ],
)
def test_parse_mapping(text: str | None, mapping: dict[str, str]) -> None:
    assert parse_mapping(text) == mapping


@pytest.mark.parametrize("text", ["prompt", "prompt=", "=question", "a=b,c"])
def test_a_mapping_that_is_none_says_the_right_form(text: str) -> None:
    with pytest.raises(UsageError, match="OURS=THEIRS"):
        parse_mapping(text)


@pytest.mark.parametrize(
    ("mapping", "row"),
    [
        ({"prompt": "q"}, {"prompt": "1", "a": "2", "meta": {"x": "3"}}),
        ({"prompt": "q", "response": "a"}, {"prompt": "1", "response": "2", "meta": {"x": "3"}}),
        ({"q": "a", "a": "q"}, {"q": "2", "a": "1", "meta": {"x": "3"}}),
        ({"human": "meta.x"}, {"q": "1", "a": "2", "human": "3", "meta": {"x": "3"}}),
        ({"q": "absent"}, {"q": "1", "a": "2", "meta": {"x": "3"}}),
        ({"prompt": "absent"}, {"q": "1", "a": "2", "prompt": None, "meta": {"x": "3"}}),
    ],
)
def test_apply_mapping(mapping: dict[str, str], row: dict[str, Any]) -> None:
    assert apply_mapping({"q": "1", "a": "2", "meta": {"x": "3"}}, mapping) == row


@pytest.mark.parametrize(
    ("flat", "row"),
    [
        ({"judges.gpt-4": 1, "judges.gpt-4.1": 2}, {"judges": {"gpt-4": 1, "gpt-4.1": 2}}),
        ({"annotations.ann": 1, "annotations.bob": None}, {"annotations": {"ann": 1}}),
        ({"meta": None, "meta.x": 1}, {"meta": {"x": 1}}),
        ({"meta": {"y": 2}, "meta.x": 1}, {"meta": {"y": 2, "x": 1}}),
        ({"meta.x": 1, "meta": {"y": 2}}, {"meta": {"y": 2, "x": 1}}),
        ({"annotations": [1], "annotations.ann": 1}, {"annotations": {"ann": 1}}),
        ({"v1.5": 1, "plain": 2}, {"v1.5": 1, "plain": 2}),
    ],
)
def test_nest(flat: dict[str, Any], row: dict[str, Any]) -> None:
    assert nest(flat) == row


def test_nest_leaves_its_argument_alone() -> None:
    flat = {"meta": {"y": 2}, "meta.x": 1}
    nest(flat)
    assert flat == {"meta": {"y": 2}, "meta.x": 1}


@pytest.mark.parametrize(
    ("path", "value"),
    [("a", 1), ("b.c", 2), ("b.d.e", 3), ("f.g", 4), ("b.x", None), ("a.x", None), ("x", None)],
)
def test_look_up(path: str, value: object) -> None:
    assert look_up({"a": 1, "b": {"c": 2, "d.e": 3}, "f.g": 4}, path) == value
