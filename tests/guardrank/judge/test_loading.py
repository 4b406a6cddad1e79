"""A judge read back from its folder says what the model in memory said; a damaged folder says nothing."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from tests_support.judges import sample_records, write_tiny_judge

from guardrank.errors import JudgeError
from guardrank.judge import load_judge
from guardrank.judge.base import hash_file

KINDS = {
    "lora": {},
    "lora bfloat16": {"base_dtype": "bfloat16"},
    "full": {"full": True},
    "full bfloat16": {"full": True, "base_dtype": "bfloat16"},
    "right, nominal": {"loss": "nominal", "truncation": "right", "template": "paper-truthfulness"},
}


def logits_of(judge, rows) -> np.ndarray:
    return judge.engine.logits([row.ids for row in judge.encoder.encode(rows)])


@pytest.mark.parametrize("changes", KINDS.values(), ids=KINDS)
def test_the_reloaded_judge_gives_the_logits_of_the_one_in_memory(base, tmp_path, changes):
    written = write_tiny_judge(tmp_path / "judge", base, **changes)
    judge = load_judge(written.folder, device="cpu")
    rows = sample_records()
    expected = written.logits(rows)
    assert np.ptp(expected, axis=0).min() > 1e-2, "logits that are all alike would prove nothing"
    np.testing.assert_allclose(logits_of(judge, rows), expected, atol=1e-6, rtol=0)
    assert judge.encoder.encode(rows) == written.encoder.encode(rows)


def test_the_base_is_rounded_as_in_training_and_computes_in_float32(checkpoints, tmp_path):
    base = checkpoints["bert"]
    written = write_tiny_judge(tmp_path / "judge", base, base_dtype="bfloat16")
    found = load_judge(written.folder, device="cpu").engine.model.get_input_embeddings().weight
    published = torch.from_numpy(load_file(base / "model.safetensors")["embeddings.word_embeddings.weight"])
    assert found.dtype == torch.float32
    assert torch.equal(found, published.bfloat16().float()) and not torch.equal(found, published)


def test_the_judge_says_who_it_is(judges):
    written = judges["bert"]
    judge = load_judge(str(written.folder), device="cpu")
    assert judge.manifest == written.manifest
    assert judge.name == f"bert@{judge.content_hash[:16]}"
    assert judge.dimensions == {"truthfulness"}
    assert load_judge(written.folder, device="cpu").content_hash == judge.content_hash


def test_verdicts_come_with_the_hash_and_the_cut(judges):
    judge = load_judge(judges["llama"].folder, device="cpu")
    verdicts = list(judge.score(sample_records()))
    assert [verdict.id for verdict in verdicts] == [row.id for row in sample_records()]
    assert {verdict.judge for verdict in verdicts} == {judge.name}
    assert verdicts[-1].truncated and not verdicts[3].truncated
    assert all(verdict.score in (0, 1) and verdict.error is None for verdict in verdicts)


def test_several_dimensions_in_one_folder(checkpoints, tmp_path):
    names = ("privacy", "bias", "truthfulness")
    written = write_tiny_judge(tmp_path / "several", checkpoints["bert"], names, heads="shared")
    judge = load_judge(written.folder, device="cpu")
    assert judge.dimensions == set(names)
    rows = [row for name in names for row in sample_records(name)]
    np.testing.assert_allclose(logits_of(judge, rows), written.logits(rows), atol=1e-6, rtol=0)
    verdicts = list(judge.score(rows))
    assert [len(verdict.probs) for verdict in verdicts] == [4] * 10 + [2] * 5


def test_the_base_may_have_moved(judges, checkpoints, tmp_path):
    moved = shutil.copytree(checkpoints["bert"], tmp_path / "elsewhere")
    judge = load_judge(judges["bert"].folder, device="cpu", base=str(moved))
    rows = sample_records()
    np.testing.assert_allclose(logits_of(judge, rows), judges["bert"].logits(rows), atol=1e-6, rtol=0)


def test_a_full_judge_needs_no_base(checkpoints, tmp_path):
    base = shutil.copytree(checkpoints["roberta"], tmp_path / "base")
    written = write_tiny_judge(tmp_path / "judge", base, full=True)
    shutil.rmtree(base)
    rows = sample_records()
    judge = load_judge(written.folder, device="cpu")
    np.testing.assert_allclose(logits_of(judge, rows), written.logits(rows), atol=1e-6, rtol=0)


def test_the_adapter_names_the_base_as_the_manifest_does(judges):
    config = json.loads((judges["bert"].folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == judges["bert"].manifest.components[0].base.id


# ---- what is refused


def vouch(folder: Path, name: str) -> None:
    """Write the hash of a changed file into the manifest, as somebody who means it would."""
    file = folder / "guardrank.json"
    content = json.loads(file.read_text("utf-8"))
    content["weights"]["torch"][name] = hash_file(folder / name)
    file.write_text(json.dumps(content), "utf-8")


def refused(folder: Path, match: str, **options) -> None:
    with pytest.raises(JudgeError, match=match) as caught:
        load_judge(folder, device="cpu", **options)
    assert "\n" not in str(caught.value)


def test_an_adapter_without_head_is_refused(judge_copy):
    file = judge_copy / "adapter_model.safetensors"
    tensors = load_file(file)
    kept = {name: tensor for name, tensor in tensors.items() if "lora_" in name}
    assert 0 < len(kept) < len(tensors)
    save_file(kept, file)
    vouch(judge_copy, file.name)
    refused(judge_copy, "holds no classification head")


def test_tampered_weights_are_refused(judge_copy):
    file = judge_copy / "adapter_model.safetensors"
    tensors = {name: tensor * 2 for name, tensor in load_file(file).items()}
    save_file(tensors, file)
    refused(judge_copy, "was changed after it was written")


def test_a_folder_without_tokenizer_is_refused(judge_copy):
    (judge_copy / "tokenizer.json").unlink()
    refused(judge_copy, "tokenizer.json: copy the whole judge folder")


def test_an_empty_folder_is_refused(tmp_path):
    refused(tmp_path, "is no judge folder: it has no guardrank.json")


@pytest.mark.parametrize("name", ["absent", "a/b/c", "/absent/judge"])
def test_a_folder_that_is_not_there_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    refused(name, f"there is no judge folder {name}: train one with guardrank-train, or give a hub id")


def test_a_file_is_no_judge(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owner").mkdir()
    (tmp_path / "owner" / "name").write_text("")
    refused("owner/name", "there is no judge folder owner/name")


def test_a_hub_id_that_cannot_be_had_is_refused():
    refused("guardrank/absent-judge", "guardrank/absent-judge is neither a folder nor a judge that the hub gave")


PICKLES = ["pytorch_model.bin", "adapter_model.bin", "training_args.bin", "model.pt", "data.pkl"]


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
def test_pickles_in_the_folder_are_never_loaded(checkpoints, tmp_path, bomb, full):
    data, mark = bomb
    written = write_tiny_judge(tmp_path / "judge", checkpoints["bert"], full=full)
    for name in PICKLES:
        (written.folder / name).write_bytes(data)
    rows = sample_records()
    judge = load_judge(written.folder, device="cpu")
    np.testing.assert_allclose(logits_of(judge, rows), written.logits(rows), atol=1e-6, rtol=0)
    assert not mark.exists()


@pytest.mark.parametrize(
    "full, file, pickled",
    [(False, "adapter_model.safetensors", "adapter_model.bin"), (True, "model.safetensors", "pytorch_model.bin")],
    ids=["lora", "full"],
)
def test_a_pickle_in_place_of_the_weights_is_refused(checkpoints, tmp_path, bomb, full, file, pickled):
    data, mark = bomb
    written = write_tiny_judge(tmp_path / "judge", checkpoints["bert"], full=full)
    manifest = json.loads((written.folder / "guardrank.json").read_text("utf-8"))
    (written.folder / file).unlink()
    (written.folder / pickled).write_bytes(data)
    del manifest["weights"]["torch"][file]
    (written.folder / "guardrank.json").write_text(json.dumps(manifest), "utf-8")
    vouch(written.folder, pickled)
    refused(written.folder, f"names no {file}")
    assert not mark.exists()
