import shutil

import pytest
from tests_support.commands import run_module

from guardrank.dimensions import Dimension
from guardrank.train.bases import choose_recipe, memory_needed

TRUTH = (Dimension.TRUTHFULNESS,)


def test_without_the_papers_base_the_embedded_one_is_taken(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    recipe, why = choose_recipe(TRUTH, "cpu")
    assert recipe.name == "embedded"
    assert (
        why
        == "Recipe embedded: the base that comes with pip, since FacebookAI/roberta-large is not on this machine."
    )


@pytest.mark.parametrize(
    ("dimensions", "name", "folder"),
    [
        (TRUTH, "paper-truthfulness", "FacebookAI/roberta-large"),
        ((Dimension.BIAS,), "paper-values", "meta-llama/Llama-2-7b-hf"),
        ((Dimension.BIAS, Dimension.TRUTHFULNESS), "paper-values", "meta-llama/Llama-2-7b-hf"),
    ],
)
def test_the_papers_base_is_taken_where_it_is_on_disk(checkpoints, monkeypatch, tmp_path, dimensions, name, folder):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(checkpoints["bert"], tmp_path / folder)
    recipe, why = choose_recipe(dimensions, "cpu")
    assert recipe.name == name
    assert f"{folder} is on this machine" in why


def test_a_base_too_large_for_the_machine_is_not_taken(checkpoints, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "FacebookAI/roberta-large"
    shutil.copytree(checkpoints["bert"], folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1 << 42)  # a sparse file: 4 TiB by name, nothing on disk
    recipe, why = choose_recipe(TRUTH, "cpu")
    assert recipe.name == "embedded"
    assert "FacebookAI/roberta-large needs about 4,098 GiB" in why


def test_full_training_needs_room_for_the_optimiser(checkpoints):
    folder = checkpoints["bert"]
    weights = (folder / "model.safetensors").stat().st_size
    assert memory_needed(folder, full=True) - memory_needed(folder, full=False) == 3 * weights


def test_the_hub_cache_counts_as_on_disk(checkpoints, tmp_path):
    snapshot = tmp_path / "hub/models--FacebookAI--roberta-large/snapshots/0123456789012345678901234567890123456789"
    shutil.copytree(checkpoints["roberta"], snapshot)
    refs = snapshot.parent.parent / "refs"
    refs.mkdir()
    (refs / "main").write_text(snapshot.name)
    sets = [word for value in ("max_tokens=64", "epochs=1") for word in ("--set", value)]
    outcome = run_module(
        "guardrank.train", "--dim", "truthfulness", "--device", "cpu", *sets, cwd=tmp_path, HF_HOME=str(tmp_path)
    )
    assert outcome.code == 0, outcome.err
    assert "Recipe paper-truthfulness: FacebookAI/roberta-large is on this machine" in outcome.err
