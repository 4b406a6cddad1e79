"""What --from-published refuses, each in a sentence; of a pickle that would run code nothing is ever run."""

import json
import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from guardrank.train.cli import app as train_app


class Harmful:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark) -> None:
        self.mark = mark

    def __reduce__(self):
        return type(self.mark).touch, (self.mark,)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("way", ["torch", "pickle"])
def test_a_pickle_that_runs_code_is_refused_and_not_run(run, encoder, checkpoints, tmp_path, way, protocol):
    mark, file = tmp_path / "it-ran", tmp_path / "hallucination.pt"
    content = dict(encoder.model.state_dict()) | {"extra": Harmful(mark)}
    if way == "torch":
        torch.save(content, file, pickle_protocol=protocol)
    else:
        file.write_bytes(pickle.dumps(content, protocol=protocol))
    outcome = run(train_app, "--from-published", file, "--base", checkpoints["roberta"], "-o", "judge")
    assert outcome.code == 1 and "is not loaded" in outcome.err and "could run code" in outcome.err
    assert "Traceback" not in outcome.err and outcome.err.count("\n") == 1
    assert not mark.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["hallucination.pt"], "nothing is left behind"
    torch.load(file, weights_only=False) if way == "torch" else pickle.loads(file.read_bytes())
    assert mark.exists(), "the pickle is harmful indeed"


def test_a_harmful_adapter_is_refused_and_not_run(run, adapter, llama, tmp_path):
    folder = shutil.copytree(adapter, tmp_path / "lora")
    (folder / "adapter_model.safetensors").unlink()
    torch.save({"base_model.model.score.weight": Harmful(tmp_path / "it-ran")}, folder / "adapter_model.bin")
    outcome = run(train_app, "--from-published", folder, "--base", llama, "-o", "judge")
    assert outcome.code == 1 and "could run code" in outcome.err
    assert not (tmp_path / "it-ran").exists()


def without(*names):
    return lambda state: {name: tensor for name, tensor in state.items() if name not in names}


UNFIT = {
    "no head": (without("linear.weight", "linear.bias"), "it lacks linear.weight"),
    "no pooler": (without("roberta.pooler.dense.bias"), "it lacks roberta.pooler.dense.bias"),
    "another key": (
        lambda state: state | {"crf.weight": torch.zeros(2)},
        "it holds crf.weight, which has no place",
    ),
    "three classes": (
        lambda state: state | {"linear.weight": torch.zeros(3, 32)},
        "linear.weight is 3 x 32, not 2 x 32",
    ),
    "another base": (
        lambda state: state | {"roberta.embeddings.word_embeddings.weight": torch.zeros(50265, 32)},
        "roberta.embeddings.word_embeddings.weight is 50265 x 32, not 900 x 32",
    ),
    "nothing": (lambda state: {}, "it lacks roberta.embeddings.word_embeddings.weight"),
    "a number": (lambda state: state | {"epoch": 3}, "holds no state dict of tensors"),
    "a list": (lambda state: list(state.values()), "holds no state dict of tensors"),
    "text": (lambda state: "weights", "holds no state dict of tensors"),
}


@pytest.mark.parametrize("fault", UNFIT)
def test_an_unfit_state_dict_is_told_in_a_sentence(run, encoder, checkpoints, tmp_path, fault):
    change, message = UNFIT[fault]
    file = encoder.save(tmp_path / "h.pt", change(dict(encoder.model.state_dict())))
    outcome = run(train_app, "--from-published", file, "--base", checkpoints["roberta"], "-o", "judge")
    assert_sentence(outcome, 1, message)
    assert not (tmp_path / "judge").exists()


def assert_sentence(outcome, code, message) -> None:
    assert (outcome.code, "Traceback" in outcome.err) == (code, False), outcome.err
    assert message in outcome.err
    assert outcome.err.count("\n") == 1 or "Usage" in outcome.err


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"PK\x03\x04 broken"], ids=["empty", "text", "cut"])
def test_a_damaged_file_is_told_in_a_sentence(run, checkpoints, tmp_path, content):
    (tmp_path / "h.pt").write_bytes(content)
    outcome = run(train_app, "--from-published", "h.pt", "--base", checkpoints["roberta"])
    assert_sentence(outcome, 1, "it is damaged or holds other things than tensors")


def edit_config(folder, **changes) -> None:
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def drop_head(folder) -> None:
    file = folder / "adapter_model.safetensors"
    save_file({name: tensor for name, tensor in load_file(file).items() if "score" not in name}, file)


UNFIT_ADAPTERS = {
    "no weights": (lambda folder: (folder / "adapter_model.safetensors").unlink(), "nor adapter_model.bin"),
    "no config": (lambda folder: (folder / "adapter_config.json").unlink(), "holds no adapter"),
    "broken config": (lambda folder: (folder / "adapter_config.json").write_text("{"), "holds no adapter"),
    "no head": (drop_head, "it lacks base_model.model.score.weight"),
    "another rank": (lambda folder: edit_config(folder, r=8), "lora_A.weight is 4 x 32, not 8 x 32"),
    "other layers": (lambda folder: edit_config(folder, target_modules=["query"]), "does not fit"),
    "more layers": (lambda folder: edit_config(folder, target_modules=["q_proj", "o_proj"]), "it lacks"),
    "another kind": (lambda folder: edit_config(folder, peft_type="IA3"), "is of IA3 for SEQ_CLS: only LORA"),
    "another task": (lambda folder: edit_config(folder, task_type="CAUSAL_LM"), "only LORA for SEQ_CLS"),
    "damaged": (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"x"), "it is damaged"),
}


@pytest.mark.parametrize("fault", UNFIT_ADAPTERS)
def test_an_unfit_adapter_is_told_in_a_sentence(run, adapter, llama, tmp_path, fault):
    change, message = UNFIT_ADAPTERS[fault]
    folder = shutil.copytree(adapter, tmp_path / "lora")
    change(folder)
    outcome = run(train_app, "--from-published", folder, "--base", llama, "-o", "judge")
    assert_sentence(outcome, 1, message)
    assert not (tmp_path / "judge").exists()


@pytest.mark.parametrize(
    ("base", "code", "message"),
    [
        ("nobody/nothing", 1, "neither a folder nor in the hub cache"),
        ("missing", 1, "neither a folder nor in the hub cache"),
        ("bert", 1, "is bert, the published judge roberta"),
        ("llama", 1, "is llama, the published judge roberta"),
        ("empty", 1, "has no config.json"),
        ("no tokenizer", 1, "has no tokenizer.json"),
        ("short", 1, "reads at most 198 tokens, the published judge 256"),
    ],
)
def test_an_unfit_base_is_told_in_a_sentence(run, state, checkpoints, tmp_path, base, code, message):
    (tmp_path / "empty").mkdir()
    for name in ("no tokenizer", "short"):
        shutil.copytree(checkpoints["roberta"], tmp_path / name)
    (tmp_path / "no tokenizer" / "tokenizer.json").unlink()
    config = json.loads((tmp_path / "short" / "config.json").read_text()) | {"max_position_embeddings": 200}
    (tmp_path / "short" / "config.json").write_text(json.dumps(config))
    outcome = run(train_app, "--from-published", state, "--base", checkpoints.get(base, base))
    assert_sentence(outcome, code, message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--data", "a.jsonl"), "leave out --data"),
        (("--cross-fit", "5"), "leave out --cross-fit"),
        (("--question", "xstest-refusal"), "leave out --question"),
        (("--dim", "bias"), "leave out --dim"),
        (("--set", "epochs=2", "--seed", "7"), "leave out --seed, --set"),
        (("--no-seed", "--resume", "--map", "a=b"), "leave out --map, --no-seed, --resume"),
        (("--recipe", "embedded"), "leave out --recipe"),
        (("--device", "cpu"), "leave out --device"),
    ],
)
def test_options_of_training_are_refused(run, state, checkpoints, options, message):
    outcome = run(train_app, "--from-published", state, "--base", checkpoints["roberta"], *options)
    assert_sentence(outcome, 2, message)


def test_what_else_is_wrong_usage(run, state, checkpoints, tmp_path):
    roberta = checkpoints["roberta"]
    assert_sentence(run(train_app, "--from-published", state), 2, "wants the base too")
    assert_sentence(run(train_app, "--from-published", "no.pt", "--base", roberta), 2, "there is no no.pt")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    outcome = run(train_app, "--from-published", state, "--base", roberta, "-o", "mine")
    assert_sentence(outcome, 2, "mine exists and is no judge")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"
