import pytest
import torch

from guardrank.errors import JudgeError, TrainingError
from guardrank.train.model import build_trainee, count_parameters, find_pad_id
from guardrank.train.recipe import load_recipe


def recipe(base, *overrides):
    return load_recipe("embedded", [f"base={base}", "max_tokens=64", *overrides])


def test_lora_reaches_every_linear_layer_of_the_base_and_leaves_the_head_whole(base):
    model = build_trainee(recipe(base), base, width=3).model
    adapted = {name.split(".lora_A")[0] for name, _ in model.named_parameters() if ".lora_A" in name}
    linear = {
        name
        for name, part in model.named_modules()
        if isinstance(part, torch.nn.Linear)
        and "lora_" not in name
        and "classifier" not in name
        and ".score" not in name
    }
    assert adapted == {name.removesuffix(".base_layer") for name in linear}
    assert not any("classifier" in name or "score" in name for name in adapted)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert any("modules_to_save" in name for name in trained)
    assert all("lora_" in name or "modules_to_save" in name for name in trained)


def test_full_training_trains_everything(base):
    model = build_trainee(recipe(base, "full=true"), base, width=2).model
    trained, total = count_parameters(model)
    assert trained == total


@pytest.mark.parametrize("kind", ["bert", "roberta", "llama"])
def test_attention_and_dropout_of_the_recipe_are_those_in_training(checkpoints, kind):
    base = checkpoints[kind]
    model = build_trainee(recipe(base, "attention=eager", "dropout=0", "full=true"), base, width=2).model
    assert model.config._attn_implementation == "eager"
    assert {part.p for part in model.modules() if isinstance(part, torch.nn.Dropout)} <= {0}
    assert getattr(model.config, "attention_dropout", 0) == 0
    ids = torch.randint(5, 50, (2, 7))
    mask = torch.ones_like(ids)
    first, second = (model.train()(input_ids=ids, attention_mask=mask).logits for _ in range(2))
    assert torch.equal(first, second)  # nothing is drawn
    plain = build_trainee(recipe(base, "full=true"), base, width=2).model
    assert plain.config._attn_implementation == "sdpa"


def test_llama_pads_with_its_end_token(checkpoints):
    assert [find_pad_id(checkpoints[name]) for name in ("bert", "roberta", "llama")] == [0, 1, 2]


@pytest.mark.parametrize(("family", "limit"), [("bert", 320), ("roberta", 320), ("llama", 320)])
def test_more_tokens_than_the_base_reads_are_refused(checkpoints, family, limit):
    folder = checkpoints[family]
    build_trainee(recipe(folder, f"max_tokens={limit}"), folder, width=2)
    with pytest.raises(TrainingError, match=f"at most {limit} tokens"):
        build_trainee(recipe(folder, f"max_tokens={limit + 1}"), folder, width=2)


def test_a_base_without_a_fast_tokenizer_is_refused(checkpoints, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((checkpoints["bert"] / name).read_bytes())
    with pytest.raises(TrainingError, match=r"has no tokenizer\.json"):
        build_trainee(recipe(tmp_path), tmp_path, width=2)


def test_a_base_without_weights_is_refused(checkpoints, tmp_path):
    (tmp_path / "config.json").write_bytes((checkpoints["bert"] / "config.json").read_bytes())
    with pytest.raises(JudgeError, match="holds no model weights"):
        build_trainee(recipe(tmp_path), tmp_path, width=2)
