"""Promised error rates: over many draws of dev rows they hold, whatever the confidence is worth."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from guardrank.calibration import probabilities
from guardrank.dimensions import Dimension
from guardrank.judge import Calibration, Output
from guardrank.judge.head import decode_output
from guardrank.records import Record
from guardrank.train.calibrate import calibrate
from guardrank.train.recipe import Recipe
from guardrank.train.run import Job, _calibrated
from guardrank.train.selective import DELTA, ERROR_RATES, error_bars, upper_bound, with_error_bars
from guardrank.train.targets import lay_out_outputs

TRUTH = Output(dimension=Dimension.TRUTHFULNESS, classes=2, start=0, link="ordinal")
BIAS = Output(dimension=Dimension.BIAS, classes=4, start=1, link="ordinal")


# the bound


@pytest.mark.parametrize("rows", [5, 22, 300])
def test_no_error_among_n_rows_leaves_this_rate_possible(rows):
    # (1 - rate)^n = delta: with 22 rows 1 - 0.1^(1/22) = 0.0994
    assert float(upper_bound(0, rows, 0.1)) == pytest.approx(1 - 0.1 ** (1 / rows))


@given(rows=st.integers(1, 400), data=st.data())
def test_at_the_bound_so_few_errors_have_probability_delta(rows, data):
    errors = data.draw(st.integers(0, rows - 1))
    delta = data.draw(st.sampled_from([0.02, 0.05, 0.1]))
    assert binom.cdf(errors, rows, float(upper_bound(errors, rows, delta))) == pytest.approx(delta, rel=1e-6)


def test_errors_alone_prove_nothing():
    assert upper_bound([3, 5], [3, 4.2], 0.1).tolist() == [1.0, 1.0]


# the promise, over many draws


@dataclass(frozen=True)
class World:
    """Judges of a kind: how sure they are of a row of rank ``x`` (1 surest), and how often they err there."""

    sure: Callable[[np.ndarray], np.ndarray]
    errs: Callable[[np.ndarray], np.ndarray]
    alike: float = 0.5
    """Correlation of confidence, and of luck, within a prompt."""

    def draw(self, random, rows, per_prompt):
        """Confidence, errors and prompts of ``rows`` rows."""
        prompts = np.arange(rows) // per_prompt
        rank = norm.cdf(self._alike(random, prompts))
        wrong = norm.cdf(self._alike(random, prompts)) < self.errs(rank)
        return self.sure(rank), wrong, prompts

    def truth(self, bar):
        """Share of all rows that the bar keeps, and their error rate."""
        rank = np.linspace(0, 1, 100_001)[1:]
        kept = self.sure(rank) >= bar
        return kept.mean(), self.errs(rank)[kept].mean()

    def _alike(self, random, prompts):
        shared, own = random.standard_normal(prompts.max() + 1)[prompts], random.standard_normal(prompts.size)
        return np.sqrt(self.alike) * shared + np.sqrt(1 - self.alike) * own


def sure(x):
    return 1 - 0.5 * (1 - x) ** 2


WORLDS = {
    "calibrated": World(sure, lambda x: 1 - sure(x)),
    "too sure": World(lambda x: 1 - 0.2 * (1 - x) ** 2, lambda x: 1 - sure(x)),
    "never quite right": World(sure, lambda x: np.maximum(1 - sure(x), 0.04)),
    "surest where it errs": World(sure, lambda x: np.where(x > 0.9, 0.15, 1 - sure(x))),
    "useless": World(sure, lambda x: np.full(x.shape, 0.3)),
    "of another order": World(sure, sure),
}
DRAWS = 120


def broken_promises(world, rows, per_prompt, seed=0):
    """How many draws gave a bar that breaks its promise, by rate; and the mean share of rows kept, by rate."""
    random = np.random.default_rng(seed)
    broken, kept = Counter(dict.fromkeys(ERROR_RATES, 0)), Counter(dict.fromkeys(ERROR_RATES, 0.0))
    for _ in range(DRAWS):
        confidence, wrong, prompts = world.draw(random, rows, per_prompt)
        for rate, bar in error_bars(confidence, wrong, prompts.tolist()):
            coverage, risk = world.truth(bar)
            broken[rate] += risk > rate
            kept[rate] += coverage / DRAWS
    return broken, kept


@pytest.mark.parametrize(("rows", "per_prompt"), [(150, 1), (400, 4), (1500, 10)])
@pytest.mark.parametrize("name", WORLDS)
def test_promises_hold_in_nine_of_ten_draws(name, rows, per_prompt):
    broken, _ = broken_promises(WORLDS[name], rows, per_prompt)
    assert max(broken.values()) <= DELTA * DRAWS, {rate: count for rate, count in broken.items() if count}


@pytest.mark.parametrize(
    ("name", "rows", "per_prompt", "rate", "least"),
    [
        # of the surest share s of the rows 0.5/3 s^2 are wrong, so that the best bar for 0.1 keeps 0.77
        ("calibrated", 1500, 1, 0.1, 0.6),
        ("calibrated", 400, 4, 0.2, 0.8),
        ("too sure", 1500, 1, 0.1, 0.6),  # what the confidence is worth does not matter, only its order
        ("never quite right", 1500, 1, 0.1, 0.5),
        ("surest where it errs", 1500, 1, 0.15, 0.6),  # confident mistakes do not end the search
        ("useless", 1500, 1, 0.3, 0.0),
    ],
)
def test_promises_are_not_bought_by_abstaining_from_all(name, rows, per_prompt, rate, least):
    _, kept = broken_promises(WORLDS[name], rows, per_prompt)
    assert kept[rate] >= least, kept


def test_nothing_is_promised_where_nothing_can_be():
    _, kept = broken_promises(WORLDS["useless"], 1500, 1)
    assert all(share < 0.01 for rate, share in kept.items() if rate <= 0.2)


def test_clusters_are_what_makes_it_hold():
    """Rows of a prompt that are right or wrong together, taken as independent, promise too much."""
    world = World(sure, lambda x: np.full(x.shape, 0.12), alike=0.95)
    random, broken = np.random.default_rng(2), Counter()
    for _ in range(DRAWS):
        confidence, wrong, prompts = world.draw(random, 400, 10)
        broken["as they are"] += bool(error_bars(confidence, wrong, prompts.tolist(), rates=[0.1]))
        broken["as independent"] += bool(error_bars(confidence, wrong, range(400), rates=[0.1]))
    assert broken["as they are"] <= DELTA * DRAWS < 2 * DELTA * DRAWS < broken["as independent"]


def test_rows_that_are_there_five_times_prove_no_more():
    confidence, wrong, prompts = WORLDS["calibrated"].draw(np.random.default_rng(4), 300, 1)
    once = dict(error_bars(confidence, wrong, prompts.tolist()))
    often = dict(error_bars(np.repeat(confidence, 5), np.repeat(wrong, 5), np.repeat(prompts, 5).tolist()))
    assert once and often.keys() <= once.keys()
    assert all(bar >= once[rate] for rate, bar in often.items())


# the table


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 120), digits=st.sampled_from([1, 16]))
def test_what_any_table_is_like(seed, rows, digits):
    random = np.random.default_rng(seed)
    confidence = random.uniform(0.5, 1, rows).round(digits)  # with many ties, and with none
    wrong = random.random(rows) < 0.02
    table = error_bars(confidence, wrong, random.integers(0, rows, rows).tolist())
    rates, bars = [rate for rate, _ in table], [bar for _, bar in table]
    assert set(rates) <= set(ERROR_RATES)
    assert rates == sorted(rates) and bars == sorted(bars, reverse=True)
    for rate, bar in table:
        assert 0 <= bar <= 1 and round(bar, 6) == bar
        assert wrong[confidence >= bar].mean() < rate


def test_too_few_rows_promise_nothing_strict():
    # 50 independent rows without an error leave 1 - 0.1^(1/50) = 0.045 possible, tested once; not 0.03
    table = dict(error_bars(np.linspace(0.6, 1, 50), np.zeros(50, bool), range(50)))
    assert min(table) == 0.05
    assert error_bars(np.empty(0), np.empty(0, bool), []) == ()


# the output


def made(output, rows, seed=0):
    """Logits of all columns, and labels that follow them."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 3, size=(rows, output.columns.stop))
    probs = probabilities(logits[:, output.columns], output.link)
    return logits, [int(random.choice(output.classes, p=row)) for row in probs]


@pytest.mark.parametrize("output", [TRUTH, BIAS])
def test_errors_are_those_of_the_scores_that_the_output_decides(output):
    logits, labels = made(output, 800)
    calibration = Calibration(thresholds=(0.3,) * (output.classes - 1), temperature=1.2)
    calibrated = output.model_copy(update={"calibration": calibration})
    found = with_error_bars(calibrated, logits, labels, range(800))
    decoded = decode_output(calibrated, logits)
    wrong = decoded.scores != np.array(labels)
    assert found.calibration.error_bars == error_bars(decoded.probs.max(axis=1), wrong, range(800)) != ()
    assert found.model_copy(update={"calibration": calibration}) == calibrated


def test_every_score_in_an_interval_is_right():
    logits = np.random.default_rng(1).normal(0, 3, size=(300, 4))
    assert with_error_bars(BIAS, logits, [(0, 3)] * 300, range(300)).calibration.bar_for(0.05) is not None
    assert with_error_bars(BIAS, logits, [(1, 3)] * 300, range(300)).calibration.error_bars == ()


def test_a_judge_that_is_to_be_sure_of_the_side_errs_on_the_side_alone():
    logits, labels = made(BIAS, 800)
    by_side = BIAS.model_copy(update={"calibration": Calibration(sure_of="side")})
    decoded = decode_output(by_side, logits)
    above = decoded.probs[:, 1:].sum(axis=1)
    np.testing.assert_allclose(decoded.sure, np.where(decoded.scores > 0, above, 1 - above))
    wrong = (decoded.scores > 0) != (np.array(labels) > 0)
    found = with_error_bars(by_side, logits, labels, range(800)).calibration
    assert found.error_bars == error_bars(decoded.sure, wrong, range(800)) != ()
    # labels that leave the side open are never errors
    assert with_error_bars(by_side, logits, [(0, 3)] * 800, range(800)).calibration.bar_for(0.01) is not None


def test_without_dev_rows_there_are_no_bars():
    assert with_error_bars(TRUTH, np.empty((0, 1)), [], []) is TRUTH


def test_it_holds_although_the_same_rows_calibrated_the_judge():
    """Temperature and thresholds suit the dev rows better than others; that must not break promises."""
    random, broken = np.random.default_rng(5), Counter(dict.fromkeys(ERROR_RATES, 0))

    def draw(rows):
        logits = random.normal(-0.8, 1.6, size=(rows, 1))
        labels = random.random(rows) < 1 / (1 + np.exp(-logits[:, 0]))
        return 2.5 * logits + 0.7, labels.astype(int)

    logits_of_all, labels_of_all = draw(100_000)
    for _ in range(30):
        logits, labels = draw(200)
        fitted = TRUTH.model_copy(update={"calibration": calibrate(TRUTH, logits, labels.tolist())})
        decoded = decode_output(fitted, logits_of_all)
        for rate, bar in with_error_bars(fitted, logits, labels.tolist(), range(200)).calibration.error_bars:
            kept = decoded.probs.max(axis=1) >= bar
            broken[rate] += (decoded.scores != labels_of_all)[kept].mean() > rate
    assert max(broken.values()) <= DELTA * 30, broken


@pytest.mark.parametrize("classes", [None, 4])
def test_training_proves_bars_by_the_prompts_of_each_dimensions_own_rows(tmp_path, classes):
    """A label set of its own calibrates on all rows, whatever their dimension."""
    dimensions = (Dimension.BIAS, Dimension.TOXICITY)
    recipe = Recipe.model_validate({"name": "tiny", "base": "none"})
    job = Job(dimensions, recipe, tmp_path, seed=0, device="cpu", classes=classes)
    outputs = lay_out_outputs(dimensions, "ordinal", shared=classes is not None, classes=classes)
    badness = np.random.default_rng(6).normal(0, 4, size=(600, 1))
    logits = np.tile(badness - [-2, 0, 2], 1 if classes else 2)
    labels = (badness > [-2, 0, 2]).sum(axis=1).tolist()
    rows = [
        Record(id=str(i), prompt=f"{i // 6}", response="a", dimension=dimensions[i % 2], human=label)
        for i, label in enumerate(labels)
    ]
    for output, own, known in job.group(outputs, rows, logits):
        found = _calibrated(job, outputs, output, own, known, rows, rows)
        prompts = [row.prompt for row in rows if classes or row.dimension == output.dimension]
        assert len(prompts) == len(own) == (600 if classes else 300)
        assert found == with_error_bars(found, own, known, prompts)
        assert found != with_error_bars(found, own, known, range(len(own)))
        assert found.calibration.bar_for(0.1) is not None
