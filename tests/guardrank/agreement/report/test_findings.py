import pytest

from guardrank.agreement.report.findings import COLOURS, colour_of, comparisons_of, find_ceiling, whole
from guardrank.metrics import Estimate


def people(base, *kappas):
    """Pairs of people with these values and an interval of 0.05 on both sides."""
    return [base.model_copy(update={"kappa": Estimate(k, 50, k - 0.05, k + 0.05)}) for k in kappas]


def test_one_pair_of_people_gives_its_interval_as_ceiling(normal):
    ceiling = find_ceiling(people(whole(normal).humans[0], 0.9))
    assert (ceiling.low, ceiling.high) == (pytest.approx(0.85), pytest.approx(0.95))
    assert ceiling.text == "0.90 [0.85, 0.95]"


def test_several_pairs_give_the_span_of_their_values(normal):
    base = whole(normal).humans[0]
    undefined = base.model_copy(update={"kappa": Estimate.nothing("no labels")})
    ceiling = find_ceiling([*people(base, 0.9, 0.7), undefined])
    assert (ceiling.low, ceiling.high, ceiling.text) == (0.7, 0.9, "0.70 to 0.90 (2 pairs)")
    assert find_ceiling([undefined]) is None
    assert find_ceiling([]) is None


@pytest.mark.parametrize(
    ("kappa", "place"),
    [
        (Estimate(0.7, 9, 0.6, 0.84), "below"),
        (Estimate(0.8, 9, 0.7, 0.86), "level"),
        (Estimate(0.9, 9), "level"),
        (Estimate(0.97, 9, 0.94, 0.99), "level"),
        (Estimate(0.98, 9, 0.96, 0.99), "above"),
    ],
)
def test_a_rater_is_level_with_the_ceiling_while_the_intervals_touch(normal, kappa, place):
    assert find_ceiling(people(whole(normal).humans[0], 0.9)).place_of(kappa) == place


def test_a_comparison_is_turned_so_that_the_rater_comes_first(normal):
    straight = comparisons_of(whole(normal), "ours")[0]
    turned = comparisons_of(whole(normal), "gpt-4")[0]
    assert (turned.first, turned.second, turned.outcome) == ("gpt-4", "ours", "behind")
    assert turned.difference.value == -straight.difference.value
    assert (turned.difference.low, turned.difference.high) == (-straight.difference.high, -straight.difference.low)
    assert {each.metric for each in comparisons_of(whole(normal), "ours")} == {"kappa"}


def test_a_rater_has_one_colour_and_colours_recur(normal):
    raters = [normal.raters[0].model_copy(update={"name": f"r{place}"}) for place in range(COLOURS + 1)]
    study = normal.model_copy(update={"raters": raters})
    assert [colour_of(study, each.name) for each in raters] == ["c0", "c1", "c2", "c3", "c4", "c5", "c0"]
    assert colour_of(study, "first / second") == "people"
