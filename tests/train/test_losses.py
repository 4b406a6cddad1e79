import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from guardrank.train.losses import judge_loss, nominal_rows, ordinal_rows


def test_nominal_loss_of_exact_labels_is_cross_entropy():
    logits = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 3, 1])
    targets = torch.nn.functional.one_hot(labels, 4).float()
    torch.testing.assert_close(nominal_rows(logits, targets), cross_entropy(logits, labels, reduction="none"))


def test_nominal_loss_of_an_interval_is_minus_log_of_its_mass():
    # equal logits over 4 scores: the interval 1-3 holds 3/4 of the mass
    targets = torch.tensor([[0.0, 1.0, 1.0, 1.0]])
    assert nominal_rows(torch.zeros(1, 4), targets).item() == pytest.approx(-math.log(0.75))


def test_columns_of_other_dimensions_do_not_matter():
    targets = torch.tensor([[1.0, 0.0, -1.0, -1.0]])
    plain = nominal_rows(torch.tensor([[0.3, -0.2, 0.0, 0.0]]), targets)
    loud = nominal_rows(torch.tensor([[0.3, -0.2, 90.0, -90.0]]), targets)
    torch.testing.assert_close(plain, loud)


def test_ordinal_loss_by_hand():
    # score 1 of 0-3: "> 0" true, "> 1" and "> 2" false; all logits 0 -> 3 log 2
    assert ordinal_rows(torch.zeros(1, 3), torch.tensor([[1.0, 0.0, 0.0]])).item() == pytest.approx(3 * math.log(2))
    # the interval 1-3 decides "> 0" alone: log(1 + e^-2) at logit 2, whatever the other logits
    row = ordinal_rows(torch.tensor([[2.0, 50.0, -50.0]]), torch.tensor([[1.0, -1.0, -1.0]]))
    assert row.item() == pytest.approx(math.log1p(math.exp(-2)), rel=1e-5)


def test_row_weights_make_a_weighted_mean():
    targets = torch.tensor([[1.0], [0.0]])
    logits = torch.tensor([[0.0], [3.0]])
    rows = ordinal_rows(logits, targets)
    loss = judge_loss(logits, targets, torch.tensor([3.0, 1.0]), "ordinal")
    assert loss.item() == pytest.approx((3 * rows[0] + rows[1]).item() / 4)


@pytest.mark.parametrize("link", ["nominal", "ordinal"])
def test_gradients_are_finite_at_extreme_logits(link):
    logits = torch.tensor([[1e4, -1e4, 1e4], [-1e4, 1e4, 0.0]], requires_grad=True)
    targets = torch.tensor([[0.0, 1.0, -1.0], [1.0, 0.0, -1.0]])
    judge_loss(logits, targets, torch.ones(2), link).backward()
    assert torch.isfinite(logits.grad).all()
