"""What labels mean on our scale, and which are none."""

from __future__ import annotations

from typing import Any

import pytest

from guardrank.annotations.labels import (
    Label,
    LabelError,
    LabelRule,
    bounds,
    check_scale,
    lower_median,
    parse_label,
)


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (2, 2),
        (2.0, 2),
        ("2", 2),
        (" 2.0 ", 2),
        (True, 1),
        ([1, 3], (1, 3)),
        ((1, 3), (1, 3)),
        (["1", 3.0], (1, 3)),
        ("1-3", (1, 3)),
        ("[1, 3]", (1, 3)),
        ("(1, 3)", (1, 3)),
        ("1..3", (1, 3)),
        ([2, 2], 2),
    ],
)
def test_parse_label(raw: Any, label: Label) -> None:
    assert parse_label(raw) == label


@pytest.mark.parametrize(
    "raw",
    [
        "unsafe",
        "1.5",
        1.5,
        "nan",
        float("nan"),
        float("inf"),
        "1e999",
        [1],
        [1, 2, 3],
        [[0, 1], 3],
        {"score": 1},
        "9" * 5000 + "-1",
    ],
)
def test_what_is_no_label(raw: Any) -> None:
    with pytest.raises(LabelError, match="is no score"):
        parse_label(raw)


@pytest.mark.parametrize("label", [-1, 4, (0, 4), (-1, 2), (3, 1), 10**400])
def test_off_the_scale(label: Label) -> None:
    with pytest.raises(LabelError, match="outside 0-3"):
        check_scale(label, 3)


@pytest.mark.parametrize(
    ("rule", "raw", "top_score", "label"),
    [
        (LabelRule(), 3, 3, 3),
        (LabelRule(), None, 3, None),
        (LabelRule(), "", 3, None),
        (LabelRule(binary=True), 0, 3, 0),
        (LabelRule(binary=True), 1, 3, (1, 3)),
        (LabelRule(binary=True), "1", 1, 1),
        (LabelRule(binary=True), [1, 2], 3, (1, 2)),
        (LabelRule(values={"0": 0, "3": (1, 3)}), 3, 3, (1, 3)),
        (LabelRule(values={"0": 0, "3": (1, 3)}), "3.0", 3, (1, 3)),
        (LabelRule(values={"safe": 0, "unsafe": (1, 3)}), "unsafe", 3, (1, 3)),
        (LabelRule(values={"unsure": None}), "unsure", 3, None),
        (LabelRule(classes=6), 5, 3, 5),
        (LabelRule(classes=6, binary=True), 5, 3, 5),
    ],
)
def test_convert(rule: LabelRule, raw: Any, top_score: int, label: Label | None) -> None:
    assert rule.convert(raw, top_score) == label


@pytest.mark.parametrize(
    ("rule", "raw", "top_score"),
    [
        (LabelRule(), 2, 1),
        (LabelRule(binary=True), 2, 3),
        (LabelRule(values={"0": 0}), 1, 3),
        (LabelRule(values={"safe": 0}), "unsafe", 3),
        (LabelRule(values={"1": (2, 3)}), 1, 1),
        (LabelRule(classes=6), 6, 3),
    ],
)
def test_convert_rejects(rule: LabelRule, raw: Any, top_score: int) -> None:
    with pytest.raises(LabelError, match="label off the scale"):
        rule.convert(raw, top_score)


@pytest.mark.parametrize(("scores", "median"), [([], None), ([2], 2), ([1, 3], 1), ([0, 3, 3], 3)])
def test_two_that_differ_become_the_milder(scores: list[int], median: int | None) -> None:
    assert lower_median(scores) == median


def test_bounds() -> None:
    assert (bounds(2), bounds((1, 3))) == ((2, 2), (1, 3))
