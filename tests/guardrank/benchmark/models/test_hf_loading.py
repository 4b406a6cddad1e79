"""Loading local models: what is missing or damaged is one sentence, and no code of strangers runs unasked."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests_support.local_models import OPTIONS, ask, error_of, mixed

from guardrank.benchmark.models import hf
from guardrank.errors import UsageError


def without_template(folder):
    (folder / "chat_template.jinja").unlink()
    return folder


def test_a_model_without_template_needs_one(model, copied, tmp_path):
    bare = str(without_template(copied))
    assert "--set template=FILE" in error_of(lambda: hf.load(bare, OPTIONS), UsageError)
    (tmp_path / "own.jinja").write_text(model.chat.template, "utf-8")
    given = hf.load(bare, replace(OPTIONS, more={"template": str(tmp_path / "own.jinja")}))
    assert given.answer(mixed()) == model.answer(mixed())


def test_a_template_for_text_alone_is_refused(folder, tmp_path):
    (tmp_path / "text.jinja").write_text("{% for m in messages %}{{ m['content'] }}{% endfor %}", "utf-8")
    options = replace(OPTIONS, more={"template": str(tmp_path / "text.jinja")})
    assert "takes no images" in error_of(lambda: hf.load(str(folder), options), UsageError)


@pytest.mark.parametrize("more", [{"template": "none.jinja"}, {"dtype": "int3"}, {"colour": "red"}], ids=str)
def test_settings_that_are_none(folder, more):
    assert f"--set {next(iter(more))}" in error_of(
        lambda: hf.load(str(folder), replace(OPTIONS, more=more)), UsageError
    )


@pytest.mark.parametrize("rest", ["/no/such/folder", "./none", "a/b/c", ""])
def test_no_such_folder(rest):
    assert "no such folder" in error_of(lambda: hf.load(rest, OPTIONS), UsageError)


@pytest.mark.parametrize("rest", ["nobody/nothing", "nobody/nothing@v1", "no good id!"])
def test_what_the_hub_does_not_give(rest):
    assert rest in error_of(lambda: hf.load(rest, OPTIONS))


def damage(folder, what):
    weights = sorted(folder.glob("*.safetensors"))
    if what == "no weights":
        for file in weights:
            file.rename(file.with_suffix(".bin"))
    elif what == "torn weights":
        weights[0].write_bytes(weights[0].read_bytes()[:1000])
    elif what == "a tensor is missing":
        tensors = load_file(weights[-1])
        tensors.pop(next(name for name in tensors if "norm" in name))
        save_file(tensors, weights[-1], {"format": "pt"})
    elif what == "torn config":
        (folder / "config.json").write_text('{"model_type": ', "utf-8")
    elif what == "no image processor":
        for name in ("preprocessor_config.json", "processor_config.json"):
            (folder / name).unlink(missing_ok=True)
    else:
        (folder / "config.json").write_text('{"model_type": "nobody-knows"}', "utf-8")


@pytest.mark.parametrize(
    "what",
    ["no weights", "torn weights", "a tensor is missing", "torn config", "no image processor", "unknown model"],
)
def test_a_damaged_folder_is_one_sentence(copied, what):
    damage(copied, what)
    assert "hf:" in error_of(lambda: hf.load(str(copied), OPTIONS))


def test_weights_that_have_no_place_are_said(copied, capsys):
    file = sorted(copied.glob("*.safetensors"))[-1]
    save_file(load_file(file) | {"projector.norm.weight": torch.ones(2)}, file, {"format": "pt"})
    for index in copied.glob("*.index.json"):
        listed = json.loads(index.read_text("utf-8"))
        listed["weight_map"]["projector.norm.weight"] = file.name
        index.write_text(json.dumps(listed), "utf-8")
    hf.load(str(copied), OPTIONS)
    said = "copied: 1 tensors have no place in the model, the first is projector.norm.weight."
    assert capsys.readouterr().err == f"{said}\n"


def test_a_device_that_is_not_there(folder):
    assert "hf:" in error_of(lambda: hf.load(str(folder), replace(OPTIONS, device="nonsense")))


@pytest.fixture
def trap(copied, tmp_path, monkeypatch):
    """A folder whose config names code that leaves a mark where it runs; its own model type and the mark."""
    mark = tmp_path / "it-ran"
    (copied / "trap.py").write_text(f"open({str(mark)!r}, 'w').close()\n", "utf-8")
    settings = json.loads((copied / "config.json").read_text("utf-8"))
    settings["auto_map"] = {"AutoConfig": "trap.Config", "AutoModelForImageTextToText": "trap.Model"}
    (copied / "config.json").write_text(json.dumps(settings), "utf-8")
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", tmp_path / "modules")
    monkeypatch.setattr(sys, "path", list(sys.path))
    return copied, mark


def rename_model_type(folder):
    settings = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(settings | {"model_type": "trapped"}), "utf-8")


def test_code_of_a_known_model_is_not_run(trap, model):
    folder, mark = trap
    assert hf.load(str(folder), OPTIONS).answer([ask(1)]) == model.answer([ask(1)])
    assert not mark.exists()


def test_code_of_an_unknown_model_is_refused_unless_trusted(trap):
    folder, mark = trap
    rename_model_type(folder)
    assert "--trust-remote-code" in error_of(lambda: hf.load(str(folder), OPTIONS), UsageError)
    assert not mark.exists()
    error_of(lambda: hf.load(str(folder), replace(OPTIONS, trust_remote_code=True)))  # it defines no class
    assert mark.exists(), "else the trap would prove nothing"


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def test_the_package_is_light():
    code = "import sys, guardrank.benchmark.models; print({'torch', 'transformers', 'PIL'} & set(sys.modules))"
    assert run_python(code) == "set()"


def test_without_torch_the_extra_is_named():
    last = run_python("import sys; sys.modules['torch'] = None; import guardrank.benchmark.models.hf").splitlines()[
        -1
    ]
    assert last.endswith("running a model needs more packages: pip install 'guardrank[bench]'")
