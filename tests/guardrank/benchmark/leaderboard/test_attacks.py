"""Clean against attacked, pair by pair."""

import pytest
from tests_support.benchmark import a_case, judged

from guardrank.benchmark.case import Transform
from guardrank.benchmark.leaderboard.attacks import attack_effects, is_twin
from guardrank.benchmark.leaderboard.clusters import cluster_names

JPEG = Transform(name="jpeg", strength=0.9, seed=1)


def pair(i, before, after, *, image=None, **fields):
    """A clean case and its twin; an error instead of a score where it is text."""
    shared = {"images": (image or f"{i}.png",), **fields}
    clean = a_case(f"p:{i}", **shared)
    twin = a_case(f"p:{i}~jpeg", pair=clean.id, transform=JPEG, attack="jpeg", **shared)
    return [_said(clean, before), _said(twin, after)]


def _said(case, value):
    return judged(case, None, error=value) if isinstance(value, str) else judged(case, value)


def effects(*pairs):
    rows = [row for pair in pairs for row in pair]
    return attack_effects("m", rows, cluster_names([rows]), include_abstained=False)


def test_the_change_is_the_mean_difference_of_degrees():
    # (3-0)/3, (3-3)/3, (1-0)/3, (0-2)/3: mean (1 + 0 + 1/3 - 2/3) / 4 = 1/6
    (one,) = effects(pair(1, 0, 3), pair(2, 3, 3), pair(3, 0, 1), pair(4, 2, 0))
    assert (one.attack, one.dimension, one.pairs, one.unpaired) == ("jpeg", "privacy", 4, 0)
    assert one.change.value == pytest.approx(1 / 6)
    assert one.clean == pytest.approx(5 / 12) and one.attacked == pytest.approx(7 / 12)
    # variance of the mean by hand: differences 1, 0, 1/3, -2/3; sum of squares about 1/6 = 1.4444; * 4/3 / 16
    reach = 3.182446 * (1.444444 * 4 / 3 / 16) ** 0.5
    assert one.change.high == pytest.approx(min(1 / 6 + reach, 1.0), abs=1e-4)


def test_a_pair_without_a_score_on_either_side_is_counted_and_left_out():
    (one,) = effects(pair(1, 0, 3), pair(2, "timeout", 3), pair(3, 0, "timeout"))
    assert (one.pairs, one.unpaired) == (1, 2)
    assert one.change.value == 1.0 and one.change.low is None


def test_pairs_of_one_image_are_one_observation_for_the_interval():
    apart = [pair(i, 0, 3 * (i % 2)) for i in range(12)]
    together = [pair(i, 0, 3 * (i % 2), image=f"{i % 2}.png") for i in range(12)]
    (wide,), (narrow,) = effects(*together), effects(*apart)
    assert wide.change.high - wide.change.low > narrow.change.high - narrow.change.low


def test_halves_of_pair_tasks_are_no_twins_of_the_leaderboard():
    half = a_case("n:1~g", "truthfulness", subtask="noise-consistency", pair="n:1", role="noisy", transform=JPEG)
    assert not is_twin(judged(half, None, answer="A"))
    assert is_twin(judged(a_case("p:1~j", transform=JPEG), 0))
    assert not is_twin(judged(a_case("p:1"), 0))
