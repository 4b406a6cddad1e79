"""Weights from files and from a module are the same, and the merged adapter is PEFT's own."""

import json
import shutil

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from tests_support.judges import write_tiny_judge
from tests_support.weights import ModuleWeights

from guardrank.errors import JudgeError
from guardrank.judge.torch_loading import load_torch_engine
from guardrank.serve.graphs.decoder_weights import FolderWeights


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def judge(request, checkpoints, tmp_path_factory):
    """An adapter on a base that is rounded, or not."""
    folder = tmp_path_factory.mktemp("judges") / request.param
    return write_tiny_judge(folder, checkpoints["llama"], base_dtype=request.param)


@pytest.fixture(scope="module")
def merged(judge):
    """The tensors of the judge as torch loads it, merged by PEFT."""
    component = judge.manifest.components[0]
    engine = load_torch_engine(judge.folder, component, judge.manifest.width, device="cpu")
    return ModuleWeights(engine.model.merge_and_unload().state_dict())


@pytest.fixture
def shards(checkpoints, tmp_path):
    """The base in several files, as large models come."""
    tensors = load_file(checkpoints["llama"] / "model.safetensors")
    folder = tmp_path / "shards"
    folder.mkdir()
    for number in range(3):
        part = {name: tensor for i, (name, tensor) in enumerate(tensors.items()) if i % 3 == number}
        save_file(part, folder / f"model-{number + 1:05}-of-00003.safetensors")
    return folder


def names(checkpoints) -> list[str]:
    tensors = load_file(checkpoints["llama"] / "model.safetensors")
    return [*(name for name in tensors if name != "lm_head.weight"), "score.weight"]


def test_the_adapter_is_merged_as_peft_does_it(judge, merged, checkpoints):
    weights = FolderWeights(checkpoints["llama"], judge.folder, dtype=judge.manifest.components[0].base.dtype)
    for name in names(checkpoints):
        found = weights.get(name)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, merged.get(name), rtol=1e-6, atol=1e-7, err_msg=name)


def test_several_files_are_one(judge, shards, checkpoints):
    one, several = FolderWeights(checkpoints["llama"], judge.folder), FolderWeights(shards, judge.folder)
    for name in names(checkpoints):
        np.testing.assert_array_equal(several.get(name), one.get(name))


def test_a_base_saved_without_a_head(judge, shards, checkpoints, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    tensors = load_file(checkpoints["llama"] / "model.safetensors")
    save_file({name.removeprefix("model."): tensor for name, tensor in tensors.items()}, bare / "model.safetensors")
    weights, other = FolderWeights(bare, judge.folder), FolderWeights(shards, judge.folder)
    for name in names(checkpoints):
        np.testing.assert_array_equal(weights.get(name), other.get(name))


@pytest.mark.parametrize("setting", [{"use_dora": True}, {"use_rslora": True}, {"rank_pattern": {"q_proj": 4}}])
def test_adapters_of_another_kind_are_refused(judge, checkpoints, tmp_path, setting):
    folder = tmp_path / "adapter"
    shutil.copytree(judge.folder, folder)
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | setting))
    with pytest.raises(JudgeError, match=f"an adapter with {next(iter(setting))} cannot be merged"):
        FolderWeights(checkpoints["llama"], folder)


def test_a_base_in_pickles_is_refused(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(JudgeError, match=r"pytorch_model.bin is no safetensors file: load the model and save"):
        FolderWeights(tmp_path)


def test_a_missing_tensor(checkpoints):
    with pytest.raises(JudgeError, match=r"holds no score.weight in safetensors"):
        FolderWeights(checkpoints["llama"]).get("score.weight")
