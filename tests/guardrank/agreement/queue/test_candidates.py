"""Who may be asked about: nothing labelled, nothing twice, nothing that a rule scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from guardrank.agreement.queue.candidates import (
    BY_RULE,
    LABELLED,
    REPEATED,
    Group,
    content_key,
    has_label,
    survey,
)
from guardrank.records import Record

New = Callable[..., Record]


def test_each_row_is_a_candidate_or_counted(record: New) -> None:
    rows = [
        record(0),
        record(1, human=2),
        record(2, annotations={"a": None, "b": 1}),
        record(3, annotations=[None, None]),
        record(4, dimension="truthfulness", subtask="noise-consistency"),
        record(0, id="again", response=record(0).response.replace(" ", "\n  ")),
        record(0, id="other dimension", dimension="bias"),
        record(0, id="other picture", image="a.png"),
    ]
    found = survey(rows)
    assert found.place == [0, 3, 6, 7]
    assert found.left_out == {LABELLED: 2, BY_RULE: 1, REPEATED: 1}
    assert found.copies == [2, 1, 1, 1]
    assert found.group[2] == Group("bias", "en")
    assert found.vectors.shape == (4, 256)
    assert len(set(found.content)) == 4
    assert len(set(found.cluster)) == 2  # by prompt


def test_labels_from_elsewhere(record: New) -> None:
    found = survey([record(0), record(1)], labelled={content_key(record(1, id="x", model="y"))})
    assert (found.place, found.left_out) == ([0], {LABELLED: 1})


def test_asking_again(record: New) -> None:
    rows = [record(0, human=1), record(1)]
    assert survey(rows, labelled={content_key(rows[1])}, include_labelled=True).place == [0, 1]


def test_a_recorded_judge_is_no_person(record: New) -> None:
    """Labels of halluqa_zh_llmonly are GPT-4's (data/sources.yaml)."""
    assert not has_label(record(0, human=1, source="halluqa_zh_llmonly"))
    assert has_label(record(0, human=1, source="do_not_answer"))
    assert has_label(record(0, human=0))


def test_vectors_belong_to_their_rows(record: New) -> None:
    found = survey(record(i) for i in range(20))
    alike = found.vectors @ found.vectors.T
    assert np.allclose(alike.diagonal(), 1, atol=1e-5)
    assert (alike[~np.eye(20, dtype=bool)] < 0.99).all()


@pytest.mark.parametrize("text", ["\ud800 alone", "\0", "x" * 3_000_000])
def test_hostile_texts(record: New, text: str) -> None:
    row = Record.model_construct(**(record(0).__dict__ | {"response": text}))
    assert len(survey([row])) == 1
