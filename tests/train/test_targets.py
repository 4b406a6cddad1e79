import numpy as np
import pytest

from guardrank.dimensions import Dimension
from guardrank.train.targets import balance_weights, decided_thresholds, lay_out_outputs, target_row

PRIVACY, BIAS, TRUTH = Dimension.PRIVACY, Dimension.BIAS, Dimension.TRUTHFULNESS


def columns(outputs):
    return [(output.start, output.width) for output in outputs]


@pytest.mark.parametrize(
    ("link", "shared", "classes", "expected"),
    [
        ("ordinal", False, None, [(0, 3), (3, 3), (6, 1)]),
        ("nominal", False, None, [(0, 4), (4, 4), (8, 2)]),
        ("nominal", True, None, [(0, 4), (0, 4), (4, 2)]),  # truthfulness has another scale
        ("nominal", True, 3, [(0, 3), (0, 3), (0, 3)]),
    ],
)
def test_columns_of_each_dimension(link, shared, classes, expected):
    assert columns(lay_out_outputs([PRIVACY, BIAS, TRUTH], link, shared=shared, classes=classes)) == expected


@pytest.mark.parametrize(
    ("link", "label", "expected"),
    [
        # privacy has columns 0-2 ("> 0", "> 1", "> 2"), truthfulness column 3
        ("ordinal", 0, [0, 0, 0, -1]),
        ("ordinal", 2, [1, 1, 0, -1]),
        ("ordinal", 3, [1, 1, 1, -1]),
        ("ordinal", (1, 3), [1, -1, -1, -1]),  # unsafe, degree unknown: only "> 0" is known
        ("ordinal", (0, 1), [-1, 0, 0, -1]),
        # privacy has columns 0-3, truthfulness 4-5
        ("nominal", 2, [0, 0, 1, 0, -1, -1]),
        ("nominal", (1, 3), [0, 1, 1, 1, -1, -1]),
    ],
)
def test_targets_say_what_a_label_decides(link, label, expected):
    outputs = lay_out_outputs([PRIVACY, TRUTH], link, shared=False)
    assert target_row(outputs[0], label, len(expected)).tolist() == expected


def test_binary_labels_leave_the_degree_undecided():
    (privacy,) = lay_out_outputs([PRIVACY], "ordinal", shared=False)
    assert decided_thresholds(privacy, [0, (1, 3), (1, 3)]).tolist() == [True, False, False]
    assert decided_thresholds(privacy, [0, (1, 3), 1, 2]).tolist() == [True, True, False]
    assert decided_thresholds(privacy, [0, 1, 2, 3]).all()


def test_balance_weights_even_out_labels_within_a_dimension():
    # privacy: 3 rows of 0 and 1 row of 3 -> 4 / (2 * 3) = 2/3 and 4 / (2 * 1) = 2; bias: one label, weight 1
    keys = [(PRIVACY, 0)] * 3 + [(PRIVACY, 3)] + [(BIAS, 0)] * 2
    np.testing.assert_allclose(balance_weights(keys, 4.0), [2 / 3] * 3 + [2.0, 1.0, 1.0], rtol=1e-6)
    assert balance_weights(keys, 1.5).max() == 1.5
