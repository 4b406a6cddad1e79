"""The estimate against hand calculations, and its intervals against runs in which the truth is known."""

import sys
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from tests_support.simulated_judges import BINARY, GRADED, JUDGES, Simulation

from guardrank.agreement.prediction_powered import CorrectedMean, JudgedRows, LabelledRows, corrected_mean
from guardrank.errors import MissingExtraError
from guardrank.metrics.intervals import mean_estimate, wilson_interval


def sample(labels, judged, clusters=None, weights=None) -> LabelledRows:
    n = len(labels)
    return LabelledRows(
        np.asarray(labels, np.float64),
        np.asarray(judged, np.float64),
        np.arange(n) if clusters is None else np.asarray(clusters),
        np.ones(n) if weights is None else np.asarray(weights, np.float64),
    )


def run(values, clusters=None) -> JudgedRows:
    clusters = 1000 + np.arange(len(values)) if clusters is None else np.asarray(clusters)
    return JudgedRows(np.asarray(values, np.float64), clusters)


def wilson(p: float, n: float) -> tuple[float, float]:
    z2 = 3.8414588
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2) / (1 + z2 / n) * np.sqrt(p * (1 - p) / n + z2 / (4 * n**2))
    return centre - half, centre + half


def test_by_hand_with_labelled_rows_apart_from_the_run() -> None:
    # people 1 0 1 0, mean 1/2; the judge 1 0 1 1, mean 3/4; on the run of 8 rows 3/8. All rows independent.
    # influences of y: +-1/8; of f among the labelled: 1/16 -3/16 1/16 1/16, in the run: 3 x 5/64, 5 x -3/64
    # cov = sum(y f) = 1/128 + 3/128 + 1/128 - 1/128 = 1/32
    # var f = 12/256 + (3 x 25 + 5 x 9)/4096 = 39/512; two made-up rows of size n = 4 add 2/4/16 = 1/32 -> 55/512
    # tuning = (1/32) / (55/512) = 16/55; mean = 1/2 + 16/55 (3/8 - 3/4) = 43/110
    # var y = 4/64 + 1/32 = 3/32; with the judge 3/32 - (1/32)^2 / (55/512) = 149/1760; gain = 165/149
    found = corrected_mean(sample([1, 0, 1, 0], [1, 0, 1, 1]), run([1, 1, 1, 0, 0, 0, 0, 0]))
    assert found.tuning == pytest.approx(16 / 55)
    assert found.gain == pytest.approx(165 / 149)
    assert found.corrected.value == pytest.approx(43 / 110)
    assert (found.corrected.low, found.corrected.high) == pytest.approx(wilson(43 / 110, 4 * 165 / 149))
    assert (found.labels_alone.low, found.labels_alone.high) == pytest.approx(wilson(1 / 2, 4))
    # run minus labelled: -3/8; its standard error: sqrt(39/512) = 0.27600, above sqrt(15/64 / 4) = 0.24206
    assert found.imbalance == pytest.approx(-0.375 / 0.27600, abs=1e-4)


def test_by_hand_with_labelled_rows_of_the_run_and_prompts() -> None:
    # prompts a a b b, the judge says 1 0 1 1; people label the first of each: 1 0, the judge said 1 1 of these
    # influences of y: a 1/4, b -1/4. Of f: in the run a (1/4 - 3/4)/4 = -1/8, b 1/8; among the labelled none
    # cov = -(1/4 x -1/8 - 1/4 x 1/8) = 1/16; var f = 2/64 + 2/4/4 = 5/32; tuning = 2/5
    # mean = 1/2 + 2/5 (3/4 - 1) = 2/5; var y = 1/8 + 1/8; with the judge 1/4 - 1/256 / (5/32) = 9/40; gain 10/9
    found = corrected_mean(sample([1, 0], [1, 1], ["a", "b"]), run([1, 0, 1, 1], ["a", "a", "b", "b"]))
    assert (found.tuning, found.gain) == pytest.approx((2 / 5, 10 / 9))
    assert found.corrected.value == pytest.approx(2 / 5)
    assert (found.corrected.low, found.corrected.high) == pytest.approx(wilson(2 / 5, 2 * 10 / 9))


def test_by_hand_with_weights() -> None:
    # weights 2 1 1: mean = 2/4; influences 1/4 -1/8 -1/8; variance 3/32 x 3/2 = 9/64
    # size = 1/4 / (9/64) x 3/2 = 8/3, which is Kish's (2 + 1 + 1)^2 / (4 + 1 + 1)
    found = corrected_mean(sample([1, 0, 0], [0.5, 0.5, 0.5], weights=[2, 1, 1]), run([0.5, 0.5]))
    assert found.labels_alone.value == pytest.approx(1 / 2)
    assert (found.labels_alone.low, found.labels_alone.high) == pytest.approx(wilson(1 / 2, 8 / 3))


def test_the_tuning_is_the_papers() -> None:
    # PPI++, example 6.1: cov(y, f) / ((1 + n/N) var(f)), f's variance over all rows
    rng = np.random.default_rng(0)
    f, n = rng.uniform(0, 1, 30_000), 10_000
    y = (rng.uniform(0, 1, n) < 0.2 + 0.5 * f[:n]).astype(float)
    found = corrected_mean(sample(y, f[:n]), run(f[n:]))
    paper = np.cov(y, f[:n])[0, 1] / ((1 + n / 20_000) * f.var())
    assert found.tuning == pytest.approx(paper, rel=0.03)
    assert found.corrected.value == pytest.approx(y.mean() + paper * (f[n:].mean() - f[:n].mean()), abs=1e-3)


def test_weights_stand_for_rows() -> None:
    """A row of weight 3 moves the estimate as three such rows do."""
    rng = np.random.default_rng(1)
    y, f, weights = rng.integers(0, 2, 60), rng.uniform(0, 1, 60), rng.integers(1, 4, 60)
    again = np.repeat(np.arange(60), weights)
    weighted = corrected_mean(sample(y, f, weights=weights), run([0.2, 0.6]))
    repeated = corrected_mean(sample(y[again], f[again], again), run([0.2, 0.6]))
    assert weighted.labels_alone.value == pytest.approx(repeated.labels_alone.value)
    assert weighted.corrected.value == pytest.approx(repeated.corrected.value, abs=1e-3)


@pytest.mark.parametrize("graded", [1, 3])
def test_the_labels_alone_are_those_of_the_metrics(graded: int) -> None:
    rng = np.random.default_rng(2)
    y, clusters = rng.integers(0, graded + 1, 90) / graded, rng.integers(0, 40, 90)
    found = corrected_mean(sample(y, y, clusters), run([0.5, 0.1])).labels_alone
    theirs = mean_estimate(y, clusters, if_empty="")
    assert (found.value, found.low, found.high) == pytest.approx((theirs.value, theirs.low, theirs.high))


def test_a_judge_that_says_nothing_costs_nothing() -> None:
    y = np.tile([1, 0, 0], 20)
    found = corrected_mean(sample(y, np.full(60, 0.3)), run(np.full(500, 0.3)))
    assert found.corrected == found.labels_alone
    assert (found.tuning, found.gain, found.imbalance) == (0, 1, 0)


def test_where_all_is_labelled_the_labels_stand() -> None:
    y, f, prompts = np.tile([1, 0, 0, 1], 10), np.tile([1, 0, 1, 1], 10), np.repeat(np.arange(20), 2)
    found = corrected_mean(sample(y, f, prompts), run(f, prompts))
    assert found.corrected.value == found.labels_alone.value == 0.5
    assert found.tuning == 0


@pytest.mark.parametrize(("label", "reach"), [(0, (0, 0.0713)), (1, (0.9287, 1))])
def test_labels_that_all_agree_leave_their_own_interval(label: int, reach: tuple[float, float]) -> None:
    # Wilson for 0 of 50: z^2 / (50 + z^2) = 3.8415 / 53.8415 = 0.0713
    f = np.tile([1, 0], 25)
    found = corrected_mean(sample(np.full(50, label), f), run(np.tile([1, 0, 0], 200)))
    assert found.corrected.value == label
    assert (found.corrected.low, found.corrected.high) == pytest.approx(reach, abs=1e-4)


def test_a_faultless_judge_is_not_believed_outright() -> None:
    """Fifty labels without one error do not show that there are none among 10,000 rows."""
    f = np.tile([1] + [0] * 9, 1000)
    found = corrected_mean(sample(f[:50], f[:50]), run(f))
    sure = wilson_interval(f)
    assert found.corrected.low is not None and found.corrected.high is not None
    assert found.corrected.high - found.corrected.low > 5 * (sure[1] - sure[0])
    assert found.gain > 2


def test_rows_that_were_picked_are_noticed() -> None:
    rng = np.random.default_rng(3)
    f = rng.uniform(0, 1, 2000)
    prompts = np.arange(2000)
    fair, worst = rng.choice(2000, 100, replace=False), np.argsort(f)[-100:]
    y = (f > 0.5).astype(float)
    at_random = corrected_mean(sample(y[fair], f[fair], fair), run(f, prompts))
    picked = corrected_mean(sample(y[worst], f[worst], worst), run(f, prompts))
    assert abs(at_random.imbalance) < 3
    assert picked.imbalance < -10


def test_nothing_to_go_by() -> None:
    none = corrected_mean(sample([], []), run([0.5]))
    assert (none.corrected.undefined, none.labels_alone.undefined) == ("no labels", "no labels")
    unjudged = corrected_mean(sample([1, 0], [0, 0]), run([]))
    assert (unjudged.corrected.undefined, unjudged.labels_alone.value) == ("no scores", 0.5)
    single = corrected_mean(sample([1], [1]), run([1, 0, 1]))
    assert (single.corrected.low, single.corrected.high) == pytest.approx((wilson(1, 1)[0], 1))


def test_without_statsmodels_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.stats.proportion", None)
    with pytest.raises(MissingExtraError, match=r"guardrank\[agree\]"):
        corrected_mean(sample([1, 0], [1, 0]), run([1, 0]))


_ROW = st.tuples(st.sampled_from([0.0, 1 / 3, 2 / 3, 1.0]), st.floats(0, 1), st.integers(0, 5), st.floats(0.1, 10))


@given(st.lists(_ROW, min_size=1), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9)), min_size=1))
def test_whatever_the_rows(rows: list[tuple[float, float, int, float]], judged: list[tuple[float, int]]) -> None:
    found = _corrected(rows, judged)
    assert (
        found.corrected.value is not None and found.corrected.low is not None and found.corrected.high is not None
    )
    assert 0 <= found.corrected.low <= found.corrected.value <= found.corrected.high <= 1
    assert 0 <= found.tuning <= 1
    assert found.gain > 1 - 1e-9
    backwards = _corrected(rows[::-1], judged[::-1])
    assert backwards.corrected.value == pytest.approx(found.corrected.value, abs=1e-6)


def _corrected(rows: list[tuple[float, float, int, float]], judged: list[tuple[float, int]]) -> CorrectedMean:
    return corrected_mean(sample(*zip(*rows, strict=True)), run(*zip(*judged, strict=True)))


REPEATS = 400
SETTINGS = [
    Simulation(cuts, judge, labelled, whole_prompts=whole)
    for cuts, judge in product((BINARY, GRADED), JUDGES)
    for labelled, whole in ((50, False), (200, True))
]
BIASED = ("lenient", "harsh", "noisy", "useless", "adversarial")


def name_of(setting: Simulation) -> str:
    return f"{setting.judge}-{len(setting.cuts)}-{setting.labelled}"


@pytest.fixture(scope="module")
def simulated() -> dict[Simulation, dict[str, float]]:
    """Coverage and width of every setting, over REPEATS runs each."""
    return {setting: _simulate(setting, seed) for seed, setting in enumerate(SETTINGS)}


def _simulate(setting: Simulation, seed: int) -> dict[str, float]:
    rng = np.random.default_rng([7, seed])
    counts = dict.fromkeys(("corrected", "labels", "judge", "width", "labels_width"), 0.0)
    for _ in range(REPEATS):
        labelled, whole = setting.draw(rng)
        found = corrected_mean(labelled, whole)
        naive = wilson_interval(whole.values, whole.clusters)
        counts["corrected"] += found.corrected.low <= setting.truth <= found.corrected.high
        counts["labels"] += found.labels_alone.low <= setting.truth <= found.labels_alone.high
        counts["judge"] += naive[0] <= setting.truth <= naive[1]
        counts["width"] += found.corrected.high - found.corrected.low
        counts["labels_width"] += found.labels_alone.high - found.labels_alone.low
    return {name: count / REPEATS for name, count in counts.items()}


@pytest.mark.parametrize("setting", SETTINGS, ids=name_of)
def test_the_interval_covers_the_truth(simulated: dict, setting: Simulation) -> None:
    # an interval that covers with probability 0.95 falls outside these bounds in one of 100 runs of all settings
    low, high = binom.ppf([0.005 / len(SETTINGS), 1 - 0.005 / len(SETTINGS)], REPEATS, 0.95) / REPEATS
    assert 0.90 < low < high < 0.99
    assert low <= simulated[setting]["corrected"] <= high


def test_over_all_settings_it_covers_as_often_as_it_says(simulated: dict) -> None:
    covered = np.mean([figures["corrected"] for figures in simulated.values()])
    margin = 3 * np.sqrt(0.95 * 0.05 / (REPEATS * len(SETTINGS)))
    assert 0.95 - margin < covered < 0.96 + margin


@pytest.mark.parametrize("setting", [one for one in SETTINGS if one.judge in BIASED], ids=name_of)
def test_a_biased_judge_alone_does_not(simulated: dict, setting: Simulation) -> None:
    assert simulated[setting]["judge"] < 0.5


@pytest.mark.parametrize("setting", SETTINGS, ids=name_of)
def test_no_judge_makes_the_interval_wider(simulated: dict, setting: Simulation) -> None:
    ratio = simulated[setting]["width"] / simulated[setting]["labels_width"]
    assert ratio < 1.01
    if setting.judge == "good":
        assert ratio < 0.75
