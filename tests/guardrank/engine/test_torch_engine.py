"""Logits of a row are its own: whatever stands beside it, before it or in the padding."""

import numpy as np
import pytest
import torch
from tests_support.judges import sample_records, tiny_trainee

from guardrank.engine import Encoder
from guardrank.engine.torch_engine import CPU_TOKEN_BUDGET, GPU_TOKEN_BUDGET, TorchEngine, pad_rows, pick_device

WIDTH = 3


@pytest.fixture(scope="module")
def trainees(checkpoints):
    return {family: tiny_trainee(folder, WIDTH) for family, folder in checkpoints.items()}


@pytest.fixture
def trainee(trainees, base):
    return trainees[base.name]


def make_engine(trainee, **options) -> TorchEngine:
    return TorchEngine(trainee.model, pad_id=trainee.component.pad_id, **options)


def make_ids(trainee) -> list[list[int]]:
    encoder = Encoder(trainee.tokenizer_file, template="guardrank", max_tokens=48)
    return [row.ids for row in encoder.encode(sample_records() + sample_records("bias"))]


def alone(trainee, ids) -> np.ndarray:
    """Each row without padding, straight through the model."""
    with torch.inference_mode():
        return np.vstack([trainee.model(input_ids=torch.tensor([row])).logits.numpy() for row in ids])


def test_the_rows_differ_and_are_of_several_lengths(trainee):
    ids = make_ids(trainee)
    logits = make_engine(trainee).logits(ids)
    assert len({len(row) for row in ids}) > 3
    assert len(np.unique(logits.round(3), axis=0)) > 6, "rows that score alike would prove nothing below"


@pytest.mark.parametrize("budget", [1, 60, 100, None], ids=["single", "few", "more", "all"])
def test_logits_are_the_same_whatever_the_batch(trainee, budget):
    ids = make_ids(trainee)
    logits = make_engine(trainee, token_budget=budget).logits(ids)
    assert logits.shape == (len(ids), WIDTH) and logits.dtype == np.float32
    np.testing.assert_allclose(logits, alone(trainee, ids), atol=1e-5, rtol=0)


@pytest.mark.parametrize("order", [slice(None, None, -1), slice(None, None, 3), slice(4, 5)], ids=str)
def test_logits_are_the_same_whatever_the_order_and_the_neighbours(trainee, order):
    ids, engine = make_ids(trainee), make_engine(trainee)
    np.testing.assert_allclose(engine.logits(ids[order]), engine.logits(ids)[order], atol=1e-5, rtol=0)


def test_a_longer_neighbour_does_not_change_a_short_row(trainee):
    """On LLaMA the score is read at the last real token: padding on the right must not be taken for it."""
    short, long = min(make_ids(trainee), key=len), max(make_ids(trainee), key=len)
    assert len(long) >= len(short) + 10
    both = make_engine(trainee).logits([short, long, short])
    expected = alone(trainee, [short])[0]
    np.testing.assert_allclose(both[0], expected, atol=1e-5, rtol=0)
    np.testing.assert_allclose(both[2], expected, atol=1e-5, rtol=0)
    # and the last token does decide something: without it the logits are others
    assert np.abs(alone(trainee, [short[:-1]])[0] - expected).max() > 1e-3


def test_no_rows(trainee):
    assert make_engine(trainee).logits([]).shape[0] == 0


def test_the_model_is_put_into_evaluation_mode(trainee):
    trainee.model.train()
    engine, ids = make_engine(trainee), make_ids(trainee)
    assert not trainee.model.training
    assert (engine.logits(ids) == engine.logits(ids)).all()


def test_pad_rows():
    batch = pad_rows([[5, 6, 7], [8], [9, 9]], pad_id=4)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 4, 4], [9, 9, 4]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
    assert batch["input_ids"].dtype == batch["attention_mask"].dtype == torch.int64


@pytest.mark.parametrize("pad_id", [0, 1, 2])
def test_the_padding_id_fills_the_batch(trainee, pad_id):
    engine = TorchEngine(trainee.model, pad_id=pad_id)
    assert engine.pad([[7, 7], [7]])["input_ids"].tolist() == [[7, 7], [7, pad_id]]


@pytest.mark.parametrize(
    "name, device", [("cpu", "cpu"), ("cuda:1", "cuda:1"), ("meta", "meta")], ids=["cpu", "second GPU", "any other"]
)
def test_a_named_device_is_taken_as_it_is(name, device):
    assert pick_device(name) == device


@pytest.mark.parametrize("name", [None, "auto"])
def test_an_unnamed_device_is_an_accelerator_or_the_cpu(name):
    expected = {"cuda"} if torch.cuda.is_available() else {"cpu", "mps"}
    assert pick_device(name) in expected


def test_budgets_follow_the_device(trainees):
    model = trainees["bert"].model
    assert TorchEngine(model, pad_id=0).token_budget == CPU_TOKEN_BUDGET < GPU_TOKEN_BUDGET
    assert TorchEngine(model, pad_id=0, token_budget=7).token_budget == 7
