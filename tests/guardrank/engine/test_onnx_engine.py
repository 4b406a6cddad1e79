"""The ONNX engine: rows in order, batches of one length, one by one where a graph asks for it."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from guardrank.engine import batches_by_tokens
from guardrank.engine.onnx_engine import OnnxEngine, usable_cores
from guardrank.errors import JudgeError


@pytest.fixture
def summing_model(tmp_path) -> Path:
    """A model whose logits are the sum of a row's ids, the row's length, and the rows of its batch."""

    def op(kind, *inputs, output, **attributes):
        return helper.make_node(kind, list(inputs), [output], **attributes)

    nodes = [
        op("ReduceSum", "input_ids", "one", output="sum", keepdims=1),
        op("ReduceSum", "attention_mask", "one", output="length", keepdims=1),
        op("Shape", "input_ids", output="shape"),
        op("Gather", "shape", "first", output="rows"),
        op("Shape", "sum", output="like"),
        op("Expand", "rows", "like", output="company"),
        op("Concat", "sum", "length", "company", output="all", axis=1),
        op("Cast", "all", output="logits", to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(
        nodes,
        "sums",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["r", "t"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["r", 3])],
        [
            numpy_helper.from_array(np.array([1]), "one"),
            numpy_helper.from_array(np.array([0]), "first"),
        ],
    )
    file = tmp_path / "sums.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), file)
    return file


ROWS = [[1, 2], [3], [4, 5], [6, 7, 8], [9, 9]]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_rows_come_back_in_order_with_those_of_their_length(summing_model, threads):
    logits = OnnxEngine(summing_model, threads=threads).logits(ROWS)
    assert logits.dtype == np.float32
    assert logits.tolist() == [[3, 2, 3], [3, 1, 1], [9, 2, 3], [21, 3, 1], [18, 2, 3]]


def test_a_graph_of_other_peoples_gets_its_rows_one_by_one(summing_model):
    assert OnnxEngine(summing_model, max_rows=1).logits(ROWS)[:, 2].tolist() == [1] * 5


def test_no_rows_give_no_logits(summing_model):
    assert OnnxEngine(summing_model).logits([]).shape == (0, 0)


def test_a_broken_model_is_one_sentence(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(JudgeError, match=r"cannot be loaded by ONNX Runtime .*: export the judge again"):
        OnnxEngine(tmp_path / "model.onnx")


def test_it_takes_the_cores_that_there_are(summing_model):
    assert OnnxEngine(summing_model).threads == usable_cores() >= 1


def test_batches_without_padding_hold_one_length_and_keep_the_budget():
    lengths = [5, 3, 5, 5, 3, 9]
    batches = list(batches_by_tokens(lengths, 10, padding=False))
    assert batches == [[5], [0, 2], [3], [1, 4]]  # 9; 5 + 5; the third 5 does not fit; 3 + 3
