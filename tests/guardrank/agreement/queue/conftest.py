"""Candidates and opinions by the handful."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest

from guardrank.agreement.queue.candidates import Candidates, survey
from guardrank.agreement.queue.opinions import Opinion
from guardrank.records import Record


@pytest.fixture
def record() -> Callable[..., Record]:
    """A record of which only the differences are told; number ``i`` has a text of its own."""

    def make(i: int = 0, **changes: object) -> Record:
        letters = "".join(Random(i).choices("abcdefghijklmnopqrstuvwxyz    ", k=80))
        fields = {"id": f"r{i}", "prompt": f"Prompt {i}?", "response": f"{letters} {i}", "dimension": "toxicity"}
        return Record.model_validate(fields | {"lang": "en"} | changes)

    return make


@pytest.fixture
def candidates(record: Callable[..., Record]) -> Callable[..., Candidates]:
    """Candidates from groups: ``{("toxicity", "en"): 5, ...}``, each row with a prompt of its own."""

    def make(sizes: dict[tuple[str, str], int]) -> Candidates:
        groups = [group for group, size in sizes.items() for _ in range(size)]
        return survey(record(i, dimension=dim, lang=lang) for i, (dim, lang) in enumerate(groups))

    return make


@pytest.fixture
def opinions() -> Callable[[Sequence[float | None]], list[Opinion | None]]:
    """An opinion for each uncertainty; above 1 stands for a failure, None for none."""

    def make(values: Sequence[float | None]) -> list[Opinion | None]:
        return [
            None
            if value is None
            else Opinion(None, None, None, False, "unreadable_answer", "j@1")
            if value > 1
            else Opinion(1, value, 1 - value, False, None, "j@1")
            for value in values
        ]

    return make
