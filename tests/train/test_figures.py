import numpy as np
import pytest

from guardrank.dimensions import Dimension
from guardrank.judge import Output
from guardrank.train.figures import dev_figures, is_constant, kappa_interval, label_figures

TRUTH = Output(dimension=Dimension.TRUTHFULNESS, classes=2, start=0, link="ordinal")
LABELS = [0, 1] * 20


def logits(gap):
    """Logits that part the labels by ``gap``."""
    return np.array([[gap if label else -gap] for label in LABELS])


def test_of_epochs_that_rank_alike_the_surer_one_is_chosen():
    faint, sure = (dev_figures([(TRUTH, logits(gap), LABELS)]) for gap in (0.001, 3.0))
    assert faint["kappa"] == sure["kappa"] == 1.0
    assert sure["choice"] > faint["choice"]


def test_a_shifted_head_that_ranks_well_is_worth_its_ranking():
    assert dev_figures([(TRUTH, logits(1.0) + 5, LABELS)])["kappa"] == 1.0


def test_a_constant_head_is_worth_nothing():
    assert dev_figures([(TRUTH, np.zeros((40, 1)), LABELS)])["kappa"] == 0.0


def test_dimensions_without_dev_rows_do_not_count():
    rows = [(TRUTH, logits(2.0), LABELS), (TRUTH, np.empty((0, 1)), [])]
    assert dev_figures(rows)["kappa"] == 1.0
    assert dev_figures([])["kappa"] == 0.0


def test_figures_take_every_score_of_an_interval_as_right():
    labels = [0, (1, 3), (1, 3), 0]
    row = label_figures(np.array([0, 1, 3, 2]), labels, 4, ["a", "b", "c", "d"])
    assert (row["n"], row["accuracy"]) == (4, 0.75)


def test_the_interval_resamples_whole_clusters():
    # 40 rows of 2 prompts that are judged all right and all wrong: kappa is anything from -1 to 1
    spans = np.array([(label, label) for label in LABELS])
    scores = np.array([label if i < 20 else 1 - label for i, label in enumerate(LABELS)])
    two = kappa_interval(spans, scores, 2, ["a"] * 20 + ["b"] * 20)
    many = kappa_interval(spans, scores, 2, [str(i) for i in range(40)])
    assert two == [-1.0, 1.0]
    assert many[1] - many[0] < 1


def test_no_interval_where_kappa_is_undefined():
    spans = np.zeros((5, 2), dtype=int)
    assert kappa_interval(spans, np.zeros(5, dtype=int), 2, list("abcde")) is None


@pytest.mark.parametrize(
    ("scores", "expected", "constant"),
    [([1, 1, 1], [0.2, 0.9, 0.5], True), ([0, 1, 1], [0.5, 0.505, 0.5], True), ([0, 1, 1], [0.1, 0.9, 0.8], False)],
)
def test_constant_heads(scores, expected, constant):
    assert is_constant(np.array(scores), np.array(expected)) is constant
