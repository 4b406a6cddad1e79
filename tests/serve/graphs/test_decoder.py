"""The decoder's graph says what transformers says, and says it of a row alone as of a row among others."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from tests_support.judges import sample_records, write_tiny_judge
from tests_support.shapes import SHAPES, make_batch
from tests_support.weights import ModuleWeights
from transformers import LlamaConfig, LlamaForSequenceClassification

from guardrank.engine.onnx_engine import OnnxEngine
from guardrank.errors import JudgeError
from guardrank.judge.torch_loading import load_torch_engine
from guardrank.serve.graphs.blockwise import quantise
from guardrank.serve.graphs.decoder import build_decoder
from guardrank.serve.graphs.decoder_weights import FolderWeights

VOCABULARY, PAD = 300, 2


def llama(**changes) -> LlamaForSequenceClassification:
    """A classifier of 2 layers, its norms moved away from 1; weights large enough for logits about 1."""
    sizes = {"hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 4}
    fixed = {"vocab_size": VOCABULARY, "num_labels": 5, "pad_token_id": PAD, "initializer_range": 0.1}
    torch.manual_seed(0)
    model = LlamaForSequenceClassification(LlamaConfig(**fixed, **{**sizes, **changes})).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def say(file: Path, ids: np.ndarray, mask: np.ndarray | None = None, threads: int = 1) -> np.ndarray:
    """The graph's logits, as the engine opens it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids) if mask is None else mask}
    return session.run(["logits"], feed)[0]


def expected(model, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The model's logits at the last real token of each row (transformers pools by the padding id instead)."""
    with torch.inference_mode():
        hidden = model.model(torch.from_numpy(ids), torch.from_numpy(mask), use_cache=False).last_hidden_state
        last = [int(np.flatnonzero(row)[-1]) for row in mask]
        return model.score(hidden[torch.arange(len(ids)), last]).numpy()


def random_ids(rows: int, tokens: int) -> np.ndarray:
    return np.random.default_rng(rows * 1000 + tokens).integers(3, VOCABULARY, (rows, tokens))


def pad_id_before_padding() -> tuple[np.ndarray, np.ndarray]:
    """An odd number of tokens; a text that ends in the padding id, before padding."""
    ids = random_ids(3, 21)
    mask = np.ones_like(ids)
    ids[2, 17:], mask[2, 18:] = PAD, 0
    return ids, mask


def with_holes() -> tuple[np.ndarray, np.ndarray]:
    """Tokens masked in the middle of the text, and at both ends."""
    ids = random_ids(2, 30)
    mask = np.ones_like(ids)
    mask[0, 5:9] = mask[1, :3] = mask[1, 10] = mask[1, 28:] = 0
    return ids, mask


INPUTS = {shape: tuple(make_batch(shape, VOCABULARY, PAD).values()) for shape in SHAPES} | {
    "pad id before padding": pad_id_before_padding(),
    "holes": with_holes(),
}


@pytest.fixture(scope="module", params=[4, 2, 1], ids=lambda heads: f"{heads} key heads")
def model(request):
    """Each query head with keys of its own, two sharing them, all sharing them."""
    return llama(num_key_value_heads=request.param)


@pytest.fixture(scope="module")
def float_graph(model, tmp_path_factory):
    """The same in 32 bits."""
    file = tmp_path_factory.mktemp("float") / "model.onnx"
    return build_decoder(file, model.config, ModuleWeights(model.state_dict()), bits=None)[0]


class TestParity:
    @pytest.mark.parametrize("name", INPUTS)
    def test_float(self, model, float_graph, name):
        np.testing.assert_allclose(say(float_graph, *INPUTS[name]), expected(model, *INPUTS[name]), atol=1e-4)

    @pytest.mark.parametrize(("bits", "block_size"), [(8, 128), (8, 32), (4, 128), (4, 32)])
    def test_quantised(self, model, tmp_path, restore, bits, block_size):
        """Against the model with the rounded weights: left are the inputs' int8, 0.6 % a product, 15 in a row."""
        rounded = with_weights(
            model, lambda weight: restore(quantise(weight, bits, block_size), bits, weight.shape[1])
        )
        file = tmp_path / "model.onnx"
        build_decoder(file, model.config, ModuleWeights(model.state_dict()), bits=bits, block_size=block_size)
        for ids, mask in INPUTS.values():
            wanted = expected(rounded, ids, mask)
            assert root_mean_square(say(file, ids, mask) - wanted) < 0.06 * root_mean_square(wanted)

    @pytest.mark.parametrize(("bits", "share"), [(8, 0.06), (4, 0.6)])
    def test_quantised_beside_the_model_itself(self, model, tmp_path, bits, share):
        """Weights off by 0.5 or 8 %, 15 in a row, and the inputs' int8; a random net forgives little."""
        file = tmp_path / "model.onnx"
        build_decoder(file, model.config, ModuleWeights(model.state_dict()), bits=bits)
        ids, mask = INPUTS["5x300"]
        wanted = expected(model, ids, mask)
        assert root_mean_square(say(file, ids, mask) - wanted) < share * root_mean_square(wanted)

    def test_head_size_and_rope_base_of_their_own(self, tmp_path):
        model = llama(head_dim=32, rope_theta=500.0, max_position_embeddings=21)
        file = tmp_path / "model.onnx"
        build_decoder(file, model.config, ModuleWeights(model.state_dict()), bits=None)
        ids, mask = INPUTS["pad id before padding"]  # 21 tokens: as long as it may be, and odd
        np.testing.assert_allclose(say(file, ids, mask), expected(model, ids, mask), atol=1e-4)

    def test_a_row_without_tokens_harms_no_other(self, float_graph):
        ids, mask = (array.copy() for array in INPUTS["left"])
        before = say(float_graph, ids, mask)
        mask[1] = 0
        after = say(float_graph, ids, mask)
        assert np.isfinite(after).all()
        np.testing.assert_array_equal(np.delete(after, 1, 0), np.delete(before, 1, 0))


@pytest.fixture(scope="module", params=[None, 8, 4], ids=lambda bits: f"{bits} bits")
def graph(request, tmp_path_factory):
    """Wide enough that ONNX Runtime splits products among threads."""
    model = llama(hidden_size=256, intermediate_size=512, num_key_value_heads=2)
    file = tmp_path_factory.mktemp("wide") / "model.onnx"
    return build_decoder(file, model.config, ModuleWeights(model.state_dict()), bits=request.param)[0]


class TestRowsAreTheirOwn:
    @pytest.mark.parametrize("tokens", [1, 2, 7, 40, 41])
    def test_logits_are_the_same_bit_for_bit(self, graph, tokens):
        ids = random_ids(5, tokens)
        alone = np.concatenate([say(graph, ids[i : i + 1]) for i in range(5)])
        for threads in (1, 2):
            for first, last in ((0, 5), (0, 1), (1, 3), (2, 5), (4, 5)):
                np.testing.assert_array_equal(say(graph, ids[first:last], threads=threads), alone[first:last])
            np.testing.assert_array_equal(say(graph, ids[::-1].copy(), threads=threads), alone[::-1])

    def test_through_the_engine(self, graph):
        rows = [random_ids(1, tokens)[0].tolist() for tokens in (9, 40, 9, 3, 40, 40, 1)]
        engine = OnnxEngine(graph, threads=2, optimize=False)
        alone = OnnxEngine(graph, threads=1, optimize=False, max_rows=1)
        np.testing.assert_array_equal(engine.logits(rows), alone.logits(rows))


class TestJudges:
    @pytest.mark.parametrize("changes", [{}, {"base_dtype": "bfloat16"}, {"full": True}], ids=str)
    def test_what_the_torch_judge_says(self, checkpoints, tmp_path, changes):
        judge = write_tiny_judge(tmp_path / "judge", checkpoints["llama"], **changes)
        component = judge.manifest.components[0]
        wanted = load_torch_engine(judge.folder, component, judge.manifest.width, device="cpu")
        folders = (judge.folder, None) if changes.get("full") else (checkpoints["llama"], judge.folder)
        weights = FolderWeights(*folders, dtype=component.base.dtype)
        file = build_decoder(tmp_path / "model.onnx", wanted.model.config, weights, bits=None)[0]
        ids = [row.ids for row in judge.encoder.encode(sample_records())]
        engine = OnnxEngine(file, threads=1, optimize=False)
        np.testing.assert_allclose(engine.logits(ids), wanted.logits(ids), atol=1e-4)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"hidden_act": "gelu"}, "hidden_act is gelu"),
            ({"attention_bias": True}, "attention_bias is True"),
            ({"mlp_bias": True}, "mlp_bias is True"),
            ({"rope_scaling": {"rope_type": "linear", "factor": 2.0}}, "rope_scaling is linear"),
        ],
    )
    def test_a_model_that_the_graph_does_not_know(self, tmp_path, changes, named):
        with pytest.raises(JudgeError, match=f"cannot be exported: its {named}, only"):
            build_decoder(tmp_path / "model.onnx", LlamaConfig(**changes), ModuleWeights({}), bits=8)
        assert not list(tmp_path.iterdir())


def with_weights(model, change) -> LlamaForSequenceClassification:
    """A copy of ``model`` with ``change`` made to the weights of its linear layers."""
    copy = LlamaForSequenceClassification(model.config).eval()
    copy.load_state_dict(model.state_dict())
    with torch.no_grad():
        for module in copy.model.layers.modules():
            if isinstance(module, torch.nn.Linear):
                module.weight.copy_(torch.from_numpy(change(module.weight.numpy())))
    return copy


def root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
