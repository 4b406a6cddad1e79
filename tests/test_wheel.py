"""The wheel, built from the sources and installed in a clean environment, trains nothing but scores."""

import pytest
from tests_support.judges import write_tiny_judge
from tests_support.rows import read_jsonl
from tests_support.wheels import ROOT, build_wheel, new_environment, run


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this source tree."""
    return build_wheel(tmp_path_factory)


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A new virtual environment with the wheel and everything that is installed here."""
    return new_environment(wheel, tmp_path_factory.mktemp("clean"))


def test_the_installed_wheel_scores_the_samples(environment, checkpoints, tmp_path):
    judge = write_tiny_judge(tmp_path / "judge", checkpoints["bert"]).folder
    samples = ROOT / "data/samples/responses.jsonl"
    output = run(environment / "bin/guardrank-score", samples, "--judge", judge, "--device", "cpu", cwd=tmp_path)
    assert "64 verdicts written to responses.verdicts.jsonl" in output
    verdicts = read_jsonl(tmp_path / "responses.verdicts.jsonl")
    assert sum(verdict["score"] is not None for verdict in verdicts if verdict["dimension"] == "truthfulness") >= 20


def test_the_wheel_carries_everything_that_must_be_installed(environment, tmp_path):
    code = (
        "import guardrank.train.recipe as r, guardrank.annotations as a, guardrank.train.data as d;"
        "from guardrank.dimensions import DIMENSIONS;"
        "import guardrank;"
        "assert 'clean' in guardrank.__file__, guardrank.__file__;"
        "assert len(r.recipe_names()) == 4;"
        "assert 'guardrank-seed' in a.load_sources();"
        "from guardrank.train.glosses import han_glosses;"
        "assert len(han_glosses()) > 6000;"
        "assert all(d.seed_file(x).is_file() for x in DIMENSIONS);"
        "assert (d.seed_file(guardrank.Dimension('bias')).parent.parent / 'RUBRIC.md').is_file();"
        "from guardrank.judge import load_judge;"
        "assert load_judge('guardrank-mini', device='cpu').variant == 'int8';"
        "print('all there')"
    )
    assert "all there" in run(environment / "bin/python", "-c", code, cwd=tmp_path)


def test_the_wheel_holds_every_module(wheel):
    import zipfile

    inside = set(zipfile.ZipFile(wheel).namelist())
    moved = {
        "train": "guardrank/train",
        "serve": "guardrank/serve",
        "data": "guardrank/data",
        "guardrank": "guardrank",
    }
    for folder, home in moved.items():
        for file in (ROOT / folder).rglob("*.py"):
            assert f"{home}/{file.relative_to(ROOT / folder)}" in inside
