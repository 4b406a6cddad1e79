"""From logits to probabilities and scores, against values worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from guardrank.calibration import (
    decide,
    exceedance,
    expected_score,
    logit_count,
    probabilities,
    relu_argmax,
    sureness,
)

LN2, LN3 = math.log(2), math.log(3)


@pytest.mark.parametrize(
    "link, classes, count", [("nominal", 4, 4), ("ordinal", 4, 3), ("nominal", 2, 2), ("ordinal", 2, 1)]
)
def test_logit_count(link, classes, count):
    assert logit_count(link, classes) == count


@pytest.mark.parametrize(
    "link, logits, probs",
    [
        # softmax: e^0 = 1, e^ln2 = 2, e^ln3 = 3, e^ln2 = 2; their sum is 8
        ("nominal", [0, LN2, LN3, LN2], [1 / 8, 2 / 8, 3 / 8, 2 / 8]),
        # the same for logits moved by 5 each
        ("nominal", [5, 5 + LN2, 5 + LN3, 5 + LN2], [1 / 8, 2 / 8, 3 / 8, 2 / 8]),
        ("nominal", [0, LN3], [1 / 4, 3 / 4]),
        # sigmoid(ln 3) = 3/4, sigmoid(0) = 1/2, sigmoid(-ln 3) = 1/4: P(Y>0), P(Y>1), P(Y>2); differences of
        # 1, 3/4, 1/2, 1/4, 0
        ("ordinal", [LN3, 0, -LN3], [1 / 4, 1 / 4, 1 / 4, 1 / 4]),
        # P(Y>0) = 1/2, P(Y>1) = 3/4 cannot be: it comes down to 1/2, so P(Y=1) = 0; P(Y>2) = 1/4
        ("ordinal", [0, LN3, -LN3], [1 / 2, 0, 1 / 4, 1 / 4]),
        ("ordinal", [LN3], [1 / 4, 3 / 4]),
    ],
)
def test_probabilities(link, logits, probs):
    assert probabilities([logits], link)[0] == pytest.approx(probs, abs=1e-12)


@pytest.mark.parametrize(
    "link, logits, temperature, bias, probs",
    [
        # 2 ln3 / 2 = ln3
        ("nominal", [0, 2 * LN3], 2.0, 0.0, [1 / 4, 3 / 4]),
        # dividing comes before the bias: 2 ln3 / 2 - ln3 = 0
        ("nominal", [0, 2 * LN3], 2.0, (0.0, -LN3), [1 / 2, 1 / 2]),
        # one bias for all logits: ln3 - ln3 = 0 and 0 - ln3
        ("ordinal", [LN3, 0], 1.0, -LN3, [1 / 2, 1 / 4, 1 / 4]),
        ("ordinal", [0, 0], 3.0, (LN3, -LN3), [1 / 4, 1 / 2, 1 / 4]),
    ],
)
def test_temperature_and_bias(link, logits, temperature, bias, probs):
    assert probabilities([logits], link, temperature, bias)[0] == pytest.approx(probs, abs=1e-12)


def test_exceedance_and_expected_score():
    probs = np.array([[0.1, 0.2, 0.3, 0.4], [1.0, 0.0, 0.0, 0.0]])
    # P(Y>0) = 0.9, P(Y>1) = 0.7, P(Y>2) = 0.4; the mean is their sum, 2.0 = 0*0.1 + 1*0.2 + 2*0.3 + 3*0.4
    assert exceedance(probs).tolist() == [pytest.approx([0.9, 0.7, 0.4]), [0.0, 0.0, 0.0]]
    assert expected_score(probs).tolist() == pytest.approx([2.0, 0.0])


@pytest.mark.parametrize(
    "probs, thresholds, decode, score",
    [
        # exceedance 0.9, 0.7, 0.4: over one half twice
        ([0.1, 0.2, 0.3, 0.4], None, "thresholds", 2),
        ([0.1, 0.2, 0.3, 0.4], None, "argmax", 3),
        ([0.1, 0.2, 0.3, 0.4], [0.8, 0.6, 0.3], "thresholds", 3),
        ([0.1, 0.2, 0.3, 0.4], [0.95, 0.6, 0.3], "thresholds", 0),  # a gap stops it: not even 1 is reached
        ([0.1, 0.2, 0.3, 0.4], [0.5, 0.75, 0.3], "thresholds", 1),
        ([0.1, 0.2, 0.3, 0.4], [0.95, 0.6, 0.3], "argmax", 3),  # argmax looks at no threshold
        ([0.5, 0.5], None, "thresholds", 0),  # exactly one half is not over it
        ([0.5, 0.5], None, "argmax", 0),  # of equals the lower
        ([0.4, 0.6], [0.7], "thresholds", 0),
        ([0.4, 0.6], [0.55], "thresholds", 1),
        ([0.0, 0.0, 0.0, 1.0], None, "thresholds", 3),
        ([1.0, 0.0, 0.0, 0.0], None, "thresholds", 0),
    ],
)
def test_decide(probs, thresholds, decode, score):
    assert decide(np.array([probs]), thresholds, decode).tolist() == [score]


def test_a_judge_can_prefer_the_middle_where_argmax_sees_two_ends():
    # P(Y=0) = 0.4 is likeliest, yet P(Y>0) = 0.6 and P(Y>1) = 0.35
    probs = np.array([[0.4, 0.25, 0.0, 0.35]])
    assert decide(probs).tolist() == [1]
    assert decide(probs, decode="argmax").tolist() == [0]


@pytest.mark.parametrize(
    "logits, score",
    [
        ([0.2, 0.1], 0),
        ([0.1, 0.2], 1),
        ([-0.1, 0.2], 1),
        ([-2.0, -1.0], 0),  # softmax says 1 with 0.73, but neither is above 0
        ([-2.0, 0.0], 0),
        ([-0.0, 0.0], 0),
        ([0.3, 0.3], 0),  # of equals the lower
        ([1.0, 1.00001], 1),
        ([-1.0, 1e-30], 1),
        ([-3.0, 0.1, 0.5, 0.5], 2),
    ],
)
def test_relu_argmax(logits, score):
    for dtype in (np.float32, np.float64):
        assert relu_argmax(np.array([logits], dtype)).tolist() == [score]


@pytest.mark.parametrize("link", ["nominal", "ordinal"])
@pytest.mark.parametrize(
    "row", [[1e4, -1e4, 1e4], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4], [0, 1e4, -1e4], [-1e4, 1e4, 0]], ids=str
)
@pytest.mark.parametrize("temperature", [1e-3, 1.0, 1e3])
def test_extreme_logits_give_probabilities(link, row, temperature):
    probs = probabilities([row], link, temperature)  # a warning would be an error here
    assert np.isfinite(probs).all() and probs.min() >= 0
    assert probs.sum() == pytest.approx(1)


def test_rows_do_not_touch_each_other():
    logits = np.array([[3.0, -1.0, 0.5], [-2.0, 0.1, 9.0], [0.0, 0.0, 0.0]])
    for link in ("nominal", "ordinal"):
        together = probabilities(logits, link)
        alone = np.vstack([probabilities(row[None], link) for row in logits])
        assert (together == alone).all()


def test_no_rows():
    probs = probabilities(np.empty((0, 3)), "ordinal")
    assert probs.shape == (0, 4)
    assert decide(probs).shape == expected_score(probs).shape == (0,)
    assert relu_argmax(np.empty((0, 2))).shape == (0,)


LOGITS = st.integers(2, 5).flatmap(
    lambda width: arrays(np.float32, (3, width), elements=st.floats(-1e4, 1e4, width=32))
)


@given(logits=LOGITS, link=st.sampled_from(["nominal", "ordinal"]), data=st.data())
def test_properties(logits, link, data):
    probs = probabilities(logits, link, data.draw(st.floats(0.05, 20)), data.draw(st.floats(-50, 50)))
    top = probs.shape[1] - 1
    assert logit_count(link, top + 1) == logits.shape[1]
    assert probs.min() >= 0 and probs.sum(axis=1) == pytest.approx(np.ones(3))
    assert (np.diff(exceedance(probs), axis=1) <= 1e-12).all(), "P(Y > k) grows with k"
    expected = expected_score(probs)
    assert expected.min() >= 0 and expected.max() <= top + 1e-9
    bars = data.draw(st.none() | arrays(np.float64, top, elements=st.floats(0, 1)))
    for decode in ("thresholds", "argmax"):
        scores = decide(probs, bars, decode)
        assert scores.dtype == np.int64 and scores.min() >= 0 and scores.max() <= top


@given(st.lists(st.floats(-20, 20), min_size=3, max_size=3), st.floats(0, 5))
def test_raising_every_ordinal_logit_never_lowers_the_score(row, step):
    low, high = probabilities([row, [x + step for x in row]], "ordinal")
    assert expected_score(low[None])[0] <= expected_score(high[None])[0] + 1e-9


def test_sure_of_the_score_or_of_its_side():
    probs = np.array([[0.6, 0.2, 0.1, 0.1], [0.1, 0.3, 0.3, 0.3], [0.45, 0.55, 0, 0]])
    scores = np.array([0, 2, 0])
    assert sureness(probs, scores, "score").tolist() == [0.6, 0.3, 0.55]
    np.testing.assert_allclose(sureness(probs, scores, "side"), [0.6, 0.9, 0.45])
