"""The whole choice: by chance and for what it teaches, spread and never twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrank.agreement.queue.candidates import Candidates, survey
from guardrank.agreement.queue.opinions import Opinion
from guardrank.agreement.queue.selection import Wish, choose
from guardrank.records import Record

Make = Callable[..., Candidates]


def counts(found: Candidates, wish: Wish) -> Counter[tuple[str, str]]:
    return Counter(tuple(found.group[pick.row]) for pick in choose(found, [None] * len(found), wish))


def test_square_root_shares_by_hand(candidates: Make) -> None:
    """Groups of 400, 100 and 25: roots 20, 10, 5; of 35 rows 20, 10 and 5."""
    sizes = {("toxicity", "en"): 400, ("bias", "en"): 100, ("bias", "zh"): 25}
    assert counts(candidates(sizes), Wish(35, random_share=0)) == {
        ("toxicity", "en"): 20,
        ("bias", "en"): 10,
        ("bias", "zh"): 5,
    }


def test_what_a_small_group_cannot_give_goes_to_the_others(candidates: Make) -> None:
    """Groups of 100, 100 and 1: root shares of 42 rows are 20, 20 and 2, and one of these is passed on."""
    sizes = {("toxicity", "en"): 100, ("bias", "en"): 100, ("bias", "zh"): 1}
    found = counts(candidates(sizes), Wish(42, random_share=0))
    assert found.total() == 42
    assert found["bias", "zh"] == 1
    assert abs(found["toxicity", "en"] - found["bias", "en"]) <= 1


def test_a_group_at_its_limit_passes_on_what_is_left(record: Callable[..., Record]) -> None:
    """All of one group share a prompt, so that it gives three; the other gives the rest."""
    rows = [record(i, prompt="Always the same?", dimension="bias") for i in range(50)]
    found = survey(rows + [record(i) for i in range(50, 100)])
    assert counts(found, Wish(30, random_share=0)) == {("bias", "en"): 3, ("toxicity", "en"): 27}


def test_uncertain_rows_come_first(candidates: Make, opinions: Callable[..., list[Opinion | None]]) -> None:
    found = candidates({("toxicity", "en"): 200})
    values = np.random.default_rng(3).permutation(np.linspace(0, 1, 200)).tolist()
    picks = choose(found, opinions(values), Wish(20, random_share=0))
    assert np.mean([values[pick.row] for pick in picks]) > 0.75
    assert all(pick.sampled == "chosen" and pick.weight is None for pick in picks)


def test_a_row_without_a_verdict_is_neither_first_nor_last(
    candidates: Make, opinions: Callable[..., list[Opinion | None]]
) -> None:
    found = candidates({("toxicity", "en"): 60})
    values = [0.9] * 20 + [None] * 20 + [0.1] * 20
    picks = choose(found, opinions(values), Wish(60, random_share=0, trade=1.0))
    assert len(picks) == 60
    first = choose(found, opinions(values), Wish(20, random_share=0, trade=1.0))
    assert all(pick.row < 20 for pick in first)
    rest = choose(found, opinions(values), Wish(40, random_share=0, trade=1.0))
    assert {pick.row for pick in rest} >= set(range(20))
    assert Counter(pick.row // 20 for pick in rest)[1] == 20


def test_random_rows_weigh_what_they_stand_for(record: Callable[..., Record]) -> None:
    """10 contents, the first in 4 copies: 13 rows. Five are drawn, each with probability 1/2."""
    found = survey([record(0, id=f"copy-{i}") for i in range(4)] + [record(i) for i in range(1, 10)])
    picks = choose(found, [None] * 10, Wish(5, random_share=1.0))
    assert {pick.probability for pick in picks} == {0.5}
    assert {pick.row: pick.weight for pick in picks} == {pick.row: 8.0 if pick.row == 0 else 2.0 for pick in picks}


def test_weighted_random_rows_estimate_the_run_without_bias(record: Callable[..., Record]) -> None:
    """Over many seeds the weighted total of a quantity is the run's own (Horvitz and Thompson)."""
    copies = [1, 1, 3, 1, 5, 1, 1, 2]
    rows = [record(i, id=f"{i}-{k}") for i, number in enumerate(copies) for k in range(number)]
    found, values = survey(rows), [0, 1, 1, 0, 1, 0, 0, 1]
    opinions: list[Opinion | None] = [Opinion(1, value / 2, 0.5, False, None, "j") for value in values]
    totals = []
    for seed in range(2000):
        picks = choose(found, opinions, Wish(6, random_share=0.5, seed=seed))
        drawn = [pick for pick in picks if pick.sampled == "random"]
        totals.append(sum((pick.weight or 0) * values[pick.row] for pick in drawn))
    truth = sum(value * number for value, number in zip(values, copies, strict=True))
    assert np.mean(totals) == pytest.approx(truth, abs=4 * np.std(totals) / 2000**0.5)


def test_the_order_of_the_queue_says_nothing(candidates: Make) -> None:
    found = candidates({("toxicity", "en"): 60, ("bias", "en"): 60})
    picks = choose(found, [None] * 120, Wish(60, random_share=0.5))
    places = [place for place, pick in enumerate(picks) if pick.sampled == "random"]
    assert 20 < np.mean(places) < 40


@pytest.mark.parametrize("size", [1, 5, 200])
def test_a_wish_for_more_than_there_is(candidates: Make, size: int) -> None:
    found = candidates({("toxicity", "en"): size})
    assert sorted(pick.row for pick in choose(found, [None] * size, Wish(1000))) == list(range(size))


_rows = st.lists(
    st.tuples(
        st.sampled_from(["toxicity", "bias", "truthfulness"]),
        st.sampled_from(["en", "zh", None]),
        st.integers(0, 6),
        st.integers(0, 8),
        st.one_of(st.none(), st.floats(0, 1), st.just(2.0)),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60)
@given(_rows, st.integers(1, 40), st.floats(0, 1), st.integers(1, 4), st.integers(0, 3))
def test_what_holds_of_every_choice(rows, n, share, per_prompt, seed) -> None:
    records = [
        Record(id=str(i), prompt=f"p{p}", response=f"r{r}", dimension=dim, lang=lang)
        for i, (dim, lang, p, r, _) in enumerate(rows)
    ]
    found = survey(records)
    opinions = [
        None
        if (u := rows[place][4]) is None
        else Opinion(None if u > 1 else 0, None if u > 1 else u, None, False, "bad" if u > 1 else None, "j")
        for place in found.place
    ]
    wish = Wish(n, random_share=share, per_prompt=per_prompt, seed=seed)
    picks = choose(found, opinions, wish)
    assert picks == choose(found, opinions, wish)
    assert len({pick.row for pick in picks}) == len(picks) <= min(n, len(found))
    assert sum(pick.sampled == "random" for pick in picks) == min(round(share * n), len(found))
    chosen = Counter(found.cluster[pick.row] for pick in picks if pick.sampled == "chosen")
    assert max(chosen.values(), default=0) <= per_prompt
