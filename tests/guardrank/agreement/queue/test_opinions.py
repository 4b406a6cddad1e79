"""What a verdict says about how much a label would teach."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.agreement.queue.opinions import opinion_of, relative_entropy
from guardrank.records import Verdict


def verdict(**fields: object) -> Verdict:
    return Verdict.model_validate({"id": "a", "score": 0, "judge": "j@1"} | fields)


@pytest.mark.parametrize(
    ("probs", "expected"),
    [
        ((0.5, 0.5), 1.0),
        ((1.0, 0.0), 0.0),
        ((0.25, 0.25, 0.25, 0.25), 1.0),
        ((0.5, 0.5, 0.0, 0.0), 0.5),  # 1 bit of 2
        ((2.0, 2.0), 1.0),
        ((0.9, 0.1), 0.4689956),  # -0.9 log2 0.9 - 0.1 log2 0.1
        ((1.0,), None),
        ((), None),
        ((nan, 0.5), None),
        ((inf, 0.5), None),
        ((-0.5, 1.5), None),
        ((0.0, 0.0), None),
    ],
)
def test_relative_entropy(probs: tuple[float, ...], expected: float | None) -> None:
    found = relative_entropy(probs)
    assert found == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_entropy_stays_in_its_range(probs: list[float]) -> None:
    found = relative_entropy(probs)
    assert found is None or 0 <= found <= 1


def test_failed_then_abstained_then_by_entropy() -> None:
    verdicts = {
        "sure": verdict(probs=(0.99, 0.01)),
        "unsure": verdict(probs=(0.5, 0.5)),
        "unknown": verdict(),
        "by confidence": verdict(confidence=0.7),
        "abstained, sure": verdict(probs=(0.99, 0.01), abstained=True),
        "abstained": verdict(probs=(0.6, 0.4), abstained=True),
        "failed": verdict(score=None, error="unreadable_answer"),
    }
    opinions = {name: opinion_of(each) for name, each in verdicts.items()}
    order = sorted(opinions, key=lambda name: opinions[name].rank)
    assert order == ["sure", "by confidence", "unknown", "unsure", "abstained, sure", "abstained", "failed"]
    assert opinions["by confidence"].uncertainty == pytest.approx(0.3)
    assert opinions["unknown"].uncertainty is None


@pytest.mark.parametrize("error", ["unsupported_dimension", "no_verdict"])
def test_a_judge_that_never_looked_has_no_opinion(error: str) -> None:
    assert opinion_of(verdict(score=None, error=error)) is None
