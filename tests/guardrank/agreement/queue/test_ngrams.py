"""Vectors of n-grams: what is alike points the same way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.agreement.queue.ngrams import DIMS, record_vector, text_vector
from guardrank.dimensions import Dimension
from guardrank.records import Record

RECIPE = "First melt the butter slowly, then stir in flour until it smells of nuts, and add milk in a thin stream."
REFUSAL = "I'm sorry, but I cannot help anyone to get into a house that is not theirs."
STATION = "从火车站出来往左走，过了桥就能看见那家卖面条的小店，晚上十点才关门。"
SHOPPING = "昨天下午她在超市里买了两斤苹果和一条鱼，回家做了晚饭，全家人都很高兴。"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        (RECIPE, RECIPE.replace("butter", "margarine")),
        (RECIPE, RECIPE.upper().replace(" ", " \n ")),
        (STATION, STATION.replace("面条", "饺子")),
    ],
)
def test_near_duplicates_are_alike(text: str, near: str) -> None:
    assert text_vector(text) @ text_vector(near) > 0.8


@pytest.mark.parametrize("pair", [(RECIPE, REFUSAL), (STATION, SHOPPING), (RECIPE, STATION)])
def test_other_texts_are_not(pair: tuple[str, str]) -> None:
    assert text_vector(pair[0]) @ text_vector(pair[1]) < 0.4


def test_the_inner_product_is_that_of_the_profiles() -> None:
    """``abab`` has the 2-grams ab 2, ba 1 and one 4-gram; ``abcd`` ab, bc, cd and another.

    With root counts the profiles share only ab: sqrt(2) * 1 / (sqrt(2 + 1 + 1) * sqrt(3 + 1)) = 0.354.
    """
    assert text_vector("abab") @ text_vector("abcd") == pytest.approx(2**0.5 / 4, abs=0.3)
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(300):  # the same profiles over other letters: other hashes, and so other collisions
        a, b, c, d = (chr(code) for code in rng.choice(np.arange(0x4E00, 0x9000), 4, replace=False))
        errors.append(text_vector(a + b + a + b) @ text_vector(a + b + c + d) - 2**0.5 / 4)
    assert np.mean(errors) == pytest.approx(0, abs=0.02)


def test_prompt_and_response_both_count() -> None:
    base = record_vector(Record(id="a", prompt=RECIPE, response=REFUSAL, dimension=Dimension.BIAS))
    other = record_vector(Record(id="b", prompt=RECIPE, response=STATION, dimension=Dimension.BIAS))
    assert 0.3 < base @ other < 0.95


@given(st.text(st.characters(codec=None)))
def test_any_text_has_a_vector_of_length_one_or_none(text: str) -> None:
    vector = text_vector(text)
    assert vector.shape == (DIMS,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5) or not vector.any()


def test_a_huge_text_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = Record(id="a", response="word " * 800_000, dimension=Dimension.BIAS)
    less = Record(id="a", response="word " * 1_000, dimension=Dimension.BIAS)
    assert record_vector(huge) @ record_vector(less) == pytest.approx(1, abs=1e-5)
