"""A packed judge scores as the published loop does, row for row, whatever its file was saved from."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests_support.published import ROWS, VALUE_ROWS, EncoderLoop, load, scores, write_adapter

from guardrank.records import Record
from guardrank.train.published import pack_published


def same_file(one, other, name) -> bool:
    return (one / name).read_bytes() == (other / name).read_bytes()


# --- the encoder


def test_the_encoder_scores_as_published_row_for_row(encoder, published, packed_encoder):
    raw = encoder.raw(ROWS)
    assert len(ROWS) > 600 and set(published) == {0, 1}
    assert (raw <= 0).all(axis=1).sum() > 50 and (raw > 0).all(axis=1).sum() > 50
    assert (raw.argmax(axis=1) != published).sum() > 10, "the ReLU makes a difference"
    verdicts = list(load(packed_encoder).score(ROWS))
    assert [verdict.score for verdict in verdicts] == published.tolist()
    likeliest = np.array([np.argmax(verdict.probs) for verdict in verdicts])
    assert (likeliest == raw.argmax(axis=1)).mean() > 0.99, "probabilities stay the softmax"
    assert not any(verdict.abstained for verdict in verdicts)
    assert [verdict.truncated for verdict in verdicts] == [_is_cut(encoder, row) for row in ROWS]


def _is_cut(encoder, row) -> bool:
    return len(encoder.tokenizer(f"Prompt: {row.prompt} Answer: {row.response}")["input_ids"]) > 256


def test_both_heads_are_the_same_function(encoder, packed_encoder):
    ids, mask = map(torch.cat, zip(*map(encoder.encode, ROWS[::7]), strict=True))
    with torch.no_grad():
        ours = load(packed_encoder).engine.model(input_ids=ids, attention_mask=mask).logits
        assert torch.equal(ours, encoder.model.raw(ids, mask)), "not one bit may differ on the same ids"


def test_the_judge_reads_the_published_ids(encoder, packed_encoder):
    for row, ours in zip(ROWS, load(packed_encoder).encoder.encode(ROWS), strict=True):
        ids, mask = encoder.encode(row)
        assert ours.ids == ids[0, : mask.sum()].tolist()


def test_special_tokens_in_a_text_stay_text(encoder, packed_encoder):
    row = Record(prompt="p", response="Yes.</s>Ignore <mask> that.", dimension="truthfulness")
    (ours,) = load(packed_encoder).encoder.encode([row])
    ids, mask = encoder.encode(row)
    assert ours.ids.count(2) == 1 and ids[0, : mask.sum()].tolist().count(2) == 2, "the one known difference"


def test_logits_that_are_nearly_equal(checkpoints, tmp_path):
    rows = ROWS[::3]
    loop = EncoderLoop(checkpoints["roberta"])
    with torch.no_grad():
        head = loop.model.linear
        head.weight *= 0.2
        head.weight[1] = head.weight[0] + 1e-5 * torch.randn_like(head.weight[0])
        head.bias[:] = 1.0
        head.bias[1] -= np.median(loop.raw(rows) @ [-1, 1])
    raw = loop.raw(rows)
    apart = np.abs(raw[:, 1] - raw[:, 0])
    assert (raw > 0).all() and np.median(apart) < 3e-5
    told_apart = apart > 1e-6  # float32 near 1 is exact to 1e-7
    assert told_apart.mean() > 0.8
    pack_published(loop.save(tmp_path / "h.pt"), str(checkpoints["roberta"]), tmp_path / "near")
    ours, theirs = np.array(scores(tmp_path / "near", rows)), np.array(loop.scores(rows))
    assert (ours == theirs)[told_apart].all() and set(theirs[told_apart]) == {0, 1}


def _data_parallel(state):
    return {f"module.{name}": tensor for name, tensor in state.items()}


def _compiled(state):
    return {f"_orig_mod.model.{name}": tensor for name, tensor in state.items()}


WRAPPINGS = {
    "DataParallel": _data_parallel,
    "another prefix": _compiled,
    "state_dict": lambda state: {"epoch": 3, "state_dict": state},
    "model_state_dict": lambda state: {"model_state_dict": _data_parallel(state), "loss": 0.1},
    "buffers": lambda state: state | {"roberta.embeddings.position_ids": torch.arange(9)[None]},
    "parameters": lambda state: {name: torch.nn.Parameter(tensor) for name, tensor in state.items()},
    "float64": lambda state: {name: tensor.double() for name, tensor in state.items()},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_state_dict_is_found_in_what_holds_it(encoder, packed_encoder, checkpoints, tmp_path, wrapping):
    file = encoder.save(tmp_path / "h.pt", WRAPPINGS[wrapping](dict(encoder.model.state_dict())))
    pack_published(file, str(checkpoints["roberta"]), tmp_path / "judge")
    assert same_file(tmp_path / "judge", packed_encoder, "model.safetensors")


# --- the adapter


def test_the_adapter_scores_as_published_row_for_row(decoder, packed_adapter):
    loop, logits = decoder
    assert len(VALUE_ROWS) > 600 and set(logits.argmax(axis=1)) == {0, 1, 2, 3}
    judge = load(packed_adapter)
    np.testing.assert_allclose(judge.logits(VALUE_ROWS)[0], logits, atol=2e-5)
    assert [verdict.score for verdict in judge.score(VALUE_ROWS)] == logits.argmax(axis=1).tolist()
    read = loop.encode(VALUE_ROWS)
    for ours, ids, mask in zip(
        judge.encoder.encode(VALUE_ROWS), read["input_ids"], read["attention_mask"], strict=True
    ):
        assert ours.ids == ids[: mask.sum()].tolist()


def test_the_adapter_keeps_its_configuration_but_for_the_base(adapter, llama, packed_adapter):
    before, after = (
        json.loads((folder / "adapter_config.json").read_text()) for folder in (adapter, packed_adapter)
    )
    assert after == before | {"base_model_name_or_path": str(llama)}


def _wrapped(state):
    """The names of a model in memory, with the head that was there before."""
    heads = {"base_model.model.score.original_module.weight": torch.zeros(4, 32)}
    for name, tensor in state.items():
        stem = name.removesuffix(".weight").replace(".score", ".score.modules_to_save")
        heads[f"{stem}.default.weight"] = tensor
    return heads


def test_a_pickled_adapter_is_the_same(llama, packed_adapter, tmp_path):
    folder = write_adapter(llama, tmp_path / "lora", binary=True)
    assert (folder / "adapter_model.bin").is_file() and not (folder / "adapter_model.safetensors").exists()
    pack_published(folder, str(llama), tmp_path / "judge")
    assert same_file(tmp_path / "judge", packed_adapter, "adapter_model.safetensors")
    assert not (tmp_path / "judge" / "adapter_model.bin").exists()


@pytest.mark.parametrize(
    "rename", [_wrapped, lambda state: _data_parallel(_wrapped(state))], ids=["names", "module"]
)
def test_an_adapter_saved_from_memory_is_the_same(adapter, llama, packed_adapter, tmp_path, rename):
    folder = shutil.copytree(adapter, tmp_path / "lora")
    state = load_file(folder / "adapter_model.safetensors")
    (folder / "adapter_model.safetensors").unlink()
    torch.save(rename(state), folder / "adapter_model.bin")
    pack_published(folder, str(llama), tmp_path / "judge")
    assert same_file(tmp_path / "judge", packed_adapter, "adapter_model.safetensors")
