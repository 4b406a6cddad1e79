"""Weights in blocks of 8 and 4 bits: what is stored, and what ONNX Runtime makes of it."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from guardrank.serve.graphs.blockwise import quantise


def test_four_bits_by_hand():
    # -1 to 2 in 15 steps of 0.2, zero at the fifth: 0, 5, 10 and 15, two to a byte, the first in the low half
    values, scales, zeros = quantise(np.array([[-1, 0, 1, 2]], np.float32), 4, 4)
    np.testing.assert_allclose(scales, [[0.2]])
    assert zeros.tolist() == [[5]]
    assert values.tolist() == [[[0x50, 0xFA]]]


def test_eight_bits_by_hand():
    # 0 to 5.1 in 255 steps of 0.02
    values, scales, zeros = quantise(np.array([[5.1, 0.2, 1, 2]], np.float32), 8, 4)
    np.testing.assert_allclose(scales, [[0.02]], rtol=1e-6)
    assert zeros.tolist() == [[0]]
    assert values.tolist() == [[[255, 10, 50, 100]]]


@pytest.mark.parametrize("bits", [8, 4])
class TestQuantise:
    def test_no_weight_is_off_by_more_than_half_a_step(self, bits, unpack):
        weight = np.random.default_rng(0).standard_t(3, (40, 256)).astype(np.float32)
        blocks = quantise(weight, bits, 32)
        values, zeros = unpack(blocks, bits)
        steps = weight.reshape(40, 8, 32) / blocks.scales[..., None] + zeros[..., None]
        assert np.abs(steps - values).max() < 0.5001

    def test_zero_stays_zero(self, bits, unpack):
        weight = np.array([[0, 0, 0, 0, 3, 0, 4, 5, -1, 0, -2, -3]], np.float32)
        values, zeros = unpack(quantise(weight, bits, 4), bits)
        assert (values == zeros[..., None])[weight.reshape(1, 3, 4) == 0].all()

    @pytest.mark.parametrize(("inputs", "block_size"), [(256, 128), (96, 32), (80, 64), (32, 128)])
    def test_onnx_runtime_reads_them_so(self, bits, inputs, block_size, restore):
        """Also where the last block is not full, and where there is an odd number of blocks."""
        rng = np.random.default_rng(1)
        blocks = quantise(rng.standard_normal((48, inputs)).astype(np.float32), bits, block_size)
        # whole numbers, 127 in each block: int8 holds them as they are
        tokens = rng.integers(-127, 128, (6, inputs)).astype(np.float32)
        tokens[:, ::block_size] = 127
        wanted = tokens @ restore(blocks, bits, inputs).T
        np.testing.assert_allclose(multiply(blocks, tokens, bits, block_size), wanted, rtol=1e-4, atol=1e-2)


def multiply(blocks, tokens: np.ndarray, bits: int, block_size: int) -> np.ndarray:
    """MatMulNBits alone."""
    n, k = len(blocks.scales), tokens.shape[1]
    sizes = {"N": n, "K": k, "bits": bits, "block_size": block_size, "accuracy_level": 4}
    names = ["tokens", "values", "scales", "zeros"]
    node = helper.make_node("MatMulNBits", names, ["out"], domain="com.microsoft", **sizes)
    given = helper.make_tensor_value_info("tokens", TensorProto.FLOAT, tokens.shape)
    result = helper.make_tensor_value_info("out", TensorProto.FLOAT, (len(tokens), n))
    weights = [numpy_helper.from_array(part, name) for part, name in zip(blocks, names[1:], strict=True)]
    graph = helper.make_graph([node], "one", [given], [result], weights)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"tokens": tokens})[0]
