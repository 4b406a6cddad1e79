"""The 8-bit encoder graph: close to torch on every shape, and the same bits whatever a row's company."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests_support.shapes import SHAPES, make_batch
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    DistilBertConfig,
    RobertaConfig,
)

from guardrank.engine.onnx_engine import OnnxEngine
from guardrank.errors import UsageError
from guardrank.serve.graphs.calibration import input_ranges
from guardrank.serve.graphs.encoder import build_encoder
from guardrank.serve.graphs.int8 import quantize_columns, smoothing_of

VOCABULARY = 200
SIZE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "num_labels": 3,
}
CONFIGS = {
    "bert": BertConfig(**SIZE, max_position_embeddings=310, pad_token_id=0),
    "roberta": RobertaConfig(**SIZE, max_position_embeddings=312, pad_token_id=1, type_vocab_size=1),
    "bert, tanh gelu": BertConfig(**SIZE, max_position_embeddings=310, pad_token_id=0, hidden_act="gelu_new"),
}


def random_model(config):
    """A classifier whose logits differ from row to row, with outlier channels as trained models have them."""
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "LayerNorm" not in name:
                parameter.mul_(6 if parameter.ndim > 1 else 1).add_(torch.randn_like(parameter) * 0.02)
        for layer in getattr(model, model.base_model_prefix).encoder.layer:
            layer.intermediate.dense.bias[5] += 12
            layer.attention.output.LayerNorm.weight[9] *= 8
    return model


def state(model):
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def random_rows(count=24):
    random = np.random.default_rng(1)
    return [random.integers(5, VOCABULARY, random.integers(2, 60)).tolist() for _ in range(count)]


@pytest.fixture(scope="module", params=CONFIGS)
def exported(request, tmp_path_factory):
    """(torch model, path of its 8-bit graph)."""
    model = random_model(CONFIGS[request.param])
    file = tmp_path_factory.mktemp("int8") / "model_int8.onnx"
    written = build_encoder(file, model.config, state(model), input_ranges(model, random_rows()))
    assert written == [file]
    return model, file


def torch_logits(model, batch):
    with torch.inference_mode():
        return model(**{name: torch.from_numpy(array) for name, array in batch.items()}).logits.numpy()


def as_batch(row):
    ids = np.array([row])
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


@pytest.mark.parametrize("shape", SHAPES)
def test_it_reads_every_shape_as_torch_does(exported, shape):
    model, file = exported
    batch = make_batch(shape, VOCABULARY, model.config.pad_token_id)
    found = OnnxEngine(file, threads=1, optimize=False)._session.run(["logits"], batch)[0]
    expected = torch_logits(model, batch)
    assert found.shape == expected.shape
    spread = np.ptp(np.concatenate([torch_logits(model, as_batch(row)) for row in random_rows()]), axis=0)
    assert spread.min() > 0.3, "logits that are all alike would prove nothing"
    # 8 bits are steps of 1/254 of the largest value, and three layers add theirs up
    assert (np.abs(found - expected) < 0.06 * spread).all()


ROWS = [*random_rows(40), [7, 8], [7, 8, 9]]


@pytest.fixture(scope="module")
def engines(exported):
    """The engine at several budgets (rows a batch) and threads, and the logits of ROWS one by one."""
    _, file = exported
    engines = {
        (rows, threads): OnnxEngine(file, threads=threads, optimize=False, token_budget=60 * rows)
        for rows in (1, 3, 32)
        for threads in (1, 2)
    }
    alone = np.concatenate([engines[1, 1].logits([row]) for row in ROWS])
    return engines, alone


@given(
    order=st.lists(st.integers(0, len(ROWS) - 1), min_size=1, max_size=120),
    rows=st.sampled_from([1, 3, 32]),
    threads=st.sampled_from([1, 2]),
)
def test_a_rows_logits_are_the_same_bits_in_any_company(engines, order, rows, threads):
    found = engines[0][rows, threads].logits([ROWS[i] for i in order])
    assert np.array_equal(found, engines[1][order])


def test_rows_of_one_length_in_one_batch_are_the_same_bits_as_alone(exported):
    _, file = exported
    random = np.random.default_rng(2)
    for tokens in (2, 3, 16, 17, 33, 128):
        rows = random.integers(5, VOCABULARY, (9, tokens)).tolist()
        together = OnnxEngine(file, threads=1, optimize=False, token_budget=9 * tokens).logits(rows)
        alone = OnnxEngine(file, threads=2, optimize=False, token_budget=1).logits(rows)
        assert np.array_equal(together, alone)


def test_another_family_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(
        UsageError, match=r"int8 is made for bert, roberta.*not for distilbert: use --precision fp32"
    ):
        build_encoder(tmp_path / "m.onnx", DistilBertConfig(), {}, {})
    with pytest.raises(UsageError, match="knows no relu activation"):
        build_encoder(tmp_path / "m.onnx", BertConfig(hidden_act="relu"), {}, {})


def test_columns_are_rounded_to_the_nearest_of_255_steps():
    weights = np.array([[1.0, 0.0, -254.0], [0.5, 0.0, 1.0]], np.float32)
    columns, scales = quantize_columns(weights)
    # by hand: scales 1/127, 1 (an empty column), 254/127 = 2; 0.5 * 127 = 63.5 rounds to even
    assert scales.tolist() == pytest.approx([1 / 127, 1.0, 2.0])
    assert columns.tolist() == [[127, 0, -127], [64, 0, 0]]


def test_smoothing_moves_size_from_large_channels_into_their_weights():
    largest = np.array([1.0, 100.0, 1.0], np.float32)
    smoothing = smoothing_of(largest, np.ones((3, 4), np.float32))
    # by hand: sqrt(largest) over its median
    assert smoothing.tolist() == pytest.approx([1.0, 10.0, 1.0])
