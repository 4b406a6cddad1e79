"""Facts of local models: the same for the same model, others for whatever shapes an answer."""

import json
from dataclasses import replace

import pytest
from safetensors.torch import load_file, save_file
from tests_support.local_models import OPTIONS
from tests_support.vision_checkpoints import VISION_BUILDERS

from guardrank.benchmark.models import hf
from guardrank.benchmark.models.hf_source import Source


def test_facts(model, folder, family):
    facts = model.facts()
    assert model.name == facts["model"] == family
    assert str(folder.parent) not in json.dumps(facts)
    assert (facts["dtype"], facts["device"], facts["revision"], facts["commit"]) == ("float32", "cpu", None, None)
    assert facts["decoding"]["max_new_tokens"] == 16 and facts["decoding"]["temperature"] == 0
    assert not {"do_sample", "top_p", "repetition_penalty"} & set(facts["decoding"]), "the checkpoint asks for them"
    assert facts["classes"]["model"].endswith("ForConditionalGeneration")
    assert facts["classes"]["image_processor"] in (
        "CLIPImageProcessor",
        "Qwen2VLImageProcessor",
        "Qwen2VLImageProcessorFast",
    )


def test_facts_are_the_same_for_the_same_model_elsewhere(model, copied):
    moved = copied.rename(copied.parent / model.name)
    assert hf.load(str(moved), OPTIONS).facts() == model.facts()


@pytest.mark.parametrize(
    "change",
    [
        {"more": {"dtype": "bfloat16"}},
        {"max_new_tokens": 17},
        {"temperature": 0.5},
        {"temperature": 0.5, "seed": 1},
        {"more": {"template": "changed.jinja"}},
    ],
    ids=str,
)
def test_facts_differ_with_what_shapes_an_answer(model, folder, tmp_path, monkeypatch, change):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "changed.jinja").write_text(model.chat.template + "Sure:", "utf-8")
    seeds = [hf.load(str(folder), replace(OPTIONS, **change)).facts(), model.facts()]
    if "seed" in change:
        seeds.append(hf.load(str(folder), replace(OPTIONS, temperature=0.5)).facts())
    assert len({json.dumps(facts, sort_keys=True) for facts in seeds}) == len(seeds)


@pytest.mark.parametrize("changed", ["weights", "preprocessor_config.json", "config.json"])
def test_the_hash_covers_all_that_is_loaded(model, copied, changed):
    if changed == "weights":
        file = sorted(copied.glob("*.safetensors"))[-1]
        tensors = load_file(file)
        next(iter(tensors.values())).view(-1)[0] += 1
        save_file(tensors, file, {"format": "pt"})
    else:
        (copied / changed).write_text((copied / changed).read_text("utf-8") + "\n", "utf-8")
    assert Source.parse(str(copied)).sha256() != model.facts()["sha256"]


def test_builds_are_the_same_each_time(folder, family, tmp_path):
    again = VISION_BUILDERS[family](tmp_path / "again")
    assert Source.parse(str(again)).sha256() == Source.parse(str(folder)).sha256()


def test_hub_ids_have_revisions():
    source = Source.parse("llava-hf/llava-1.5-7b-hf@refs/pr/3")
    assert (source.id, source.revision, source.sha256()) == ("llava-hf/llava-1.5-7b-hf", "refs/pr/3", None)
