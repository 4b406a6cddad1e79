import numpy as np
import pytest

from guardrank.calibration import decide, probabilities
from guardrank.dimensions import Dimension
from guardrank.judge import Output
from guardrank.train.calibrate import best_bar, calibrate, interval_mass

TRUTH = Output(dimension=Dimension.TRUTHFULNESS, classes=2, start=0, link="ordinal")
BIAS = Output(dimension=Dimension.BIAS, classes=4, start=0, link="ordinal")
BIAS_NOMINAL = Output(dimension=Dimension.BIAS, classes=4, start=0, link="nominal")


def test_each_source_weighs_alike_in_a_bar():
    random = np.random.default_rng(3)
    large, small = random.random(5000), random.random(400)
    chance = np.concatenate([large, small])
    truth = np.concatenate([large > 0.7, small > 0.3])
    sources = ["large"] * len(large) + ["one"] * 200 + ["other"] * 200
    labels, logits = [int(one) for one in truth], np.log(chance / (1 - chance))[:, None]

    def share_above(names):
        calibration = calibrate(TRUTH, logits, labels, sources=names)
        probs = probabilities(logits, "ordinal", calibration.temperature, calibration.bias)
        return float((probs[:, 1] > calibration.thresholds[0]).mean())

    assert share_above(None) == pytest.approx(0.3, abs=0.03)
    assert share_above(sources) > 0.5  # a compromise near the two small ones
    # a source whose labels are all alike has no kappa, and no say
    one_sided = [*(name if label else "good" for name, label in zip(sources, labels, strict=True))]
    assert share_above(one_sided) == pytest.approx(share_above(None), abs=1e-9)


def test_temperature_undoes_overconfidence():
    # logits of a calibrated judge, then tripled: the temperature that is found must be near 3
    random = np.random.default_rng(0)
    true_logits = random.normal(0, 1.5, size=(4000, 1))
    labels = [int(x) for x in (random.random(4000) < 1 / (1 + np.exp(-true_logits[:, 0])))]
    found = calibrate(TRUTH, 3 * true_logits, labels)
    assert found.temperature == pytest.approx(3, rel=0.1)
    assert found.bias[0] == pytest.approx(0, abs=0.15)


def test_bias_undoes_a_shift():
    random = np.random.default_rng(1)
    true_logits = random.normal(0, 2, size=(4000, 1))
    labels = [int(x) for x in (random.random(4000) < 1 / (1 + np.exp(-true_logits[:, 0])))]
    assert calibrate(TRUTH, true_logits + 2, labels).bias[0] == pytest.approx(-2, abs=0.25)


def test_few_rows_hardly_move_anything():
    found = calibrate(TRUTH, np.array([[0.1], [-0.1]]), [1, 0])
    assert found.temperature == pytest.approx(1, abs=0.2)
    assert found.thresholds == (0.5,)


@pytest.mark.parametrize("output", [BIAS, BIAS_NOMINAL])
def test_degree_unknown_is_scored_as_the_mildest_unsafe_score(output):
    random = np.random.default_rng(2)
    logits = random.normal(0, 2, size=(200, output.width))
    labels = [(1, 3) if row.sum() > 0 else 0 for row in logits]
    found = calibrate(output, logits, labels, decided=np.array([True, False, False]))
    probs = probabilities(logits, output.link, found.temperature, found.bias)
    assert probs[:, 2:].max() < 1e-3
    assert set(decide(probs, found.thresholds)) <= {0, 1}


def test_interval_mass():
    probs = np.array([[0.1, 0.2, 0.3, 0.4]])
    assert interval_mass(probs, np.array([[1, 3]]))[0] == pytest.approx(0.9)
    assert interval_mass(probs, np.array([[2, 2]]))[0] == pytest.approx(0.3)


def test_the_bar_lies_where_the_classes_part():
    # negatives up to 0.2, positives from 0.3: the middle of all bars that part them
    chance = np.concatenate([np.linspace(0, 0.2, 50), np.linspace(0.3, 1, 50)])
    assert best_bar([(chance, chance > 0.25)]) == pytest.approx(0.25, abs=0.02)


def test_of_two_runs_of_ties_the_wider_one():
    low = np.array([0.1] * 20 + [0.3] * 20)
    high = np.array([0.6] * 20 + [0.9] * 20)
    truth = np.array([False] * 20 + [True] * 20)
    bar = best_bar([(low, truth), (high, truth)])
    assert bar == pytest.approx(0.75, abs=0.05)


def test_abstention_bar_leaves_the_asked_share_below():
    random = np.random.default_rng(3)
    logits = random.normal(0, 2, size=(1000, 1))
    labels = [int(x) for x in (random.random(1000) < 1 / (1 + np.exp(-logits[:, 0])))]
    found = calibrate(TRUTH, logits, labels, abstain_share=0.2)
    confidence = probabilities(logits, "ordinal", found.temperature, found.bias).max(axis=1)
    assert (confidence < found.abstain_below).mean() == pytest.approx(0.2, abs=0.01)


def test_no_dev_rows_leave_neutral_values():
    found = calibrate(BIAS, np.empty((0, 3)), [])
    assert (found.temperature, found.thresholds, found.abstain_below) == (1.0, (0.5, 0.5, 0.5), 0.0)
