"""A class of the user's own."""

import pytest
from PIL import Image

from guardrank.benchmark.models import Ask, ModelOptions, load_model
from guardrank.errors import UsageError

CODE = """
class Mine:
    name = "mine-7b"
    def __init__(self, tone="kind"):
        self.tone = tone
    def answer(self, prompt, images):
        if prompt == "fail":
            raise RuntimeError("secret of the house")
        if prompt == "nothing":
            return None
        return f"{self.tone}: {prompt} ({len(images)})"
class Silent:
    pass
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "own_models.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "own_models"


def test_it_is_made_with_its_settings_and_asked(module):
    model = load_model(f"python:{module}:Mine", ModelOptions(more={"tone": "curt"}))
    image = Image.new("RGB", (2, 2))
    assert model.answer([Ask("1", "who?", (image, image))])[0].text == "curt: who? (2)"
    assert model.name == "mine-7b"
    assert model.facts() == {"kind": "python", "class": f"{module}:Mine", "settings": {"tone": "curt"}}


def test_an_error_is_about_its_case_alone_and_its_text_stays_inside(module, capfd):
    model = load_model(f"python:{module}:Mine", ModelOptions())
    replies = model.answer([Ask("1", "fail"), Ask("2", "nothing"), Ask("3", "well")])
    assert [reply.error for reply in replies] == ["model_error", "empty", None]
    said = capfd.readouterr().err
    assert "RuntimeError" in said and "secret" not in said


@pytest.mark.parametrize(
    "spec", ["own_models", "own_models:", "own_models:Silent", "own_models:None_", "gone:Mine"]
)
def test_what_cannot_be_had_is_one_sentence(module, spec):
    with pytest.raises(UsageError, match=f"python:{spec}"):
        load_model(f"python:{spec}", ModelOptions())
