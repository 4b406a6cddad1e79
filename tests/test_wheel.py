"""The wheel, built from the sources and installed in a clean environment, trains nothing but scores.

The environment sees the third-party packages of this one through links, so that no test needs the network;
the project itself it has from the wheel alone.
"""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests_support.judges import write_tiny_judge
from tests_support.rows import read_jsonl

ROOT = Path(__file__).resolve().parent.parent
OWN = ("guardrank", "__editable__", "_virtualenv", "distutils-precedence")


def run(*command, cwd=None):
    result = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the files that git tracks or would track."""
    source = tmp_path_factory.mktemp("source")
    names = run("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard").splitlines()
    for name in names:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", out, source)
    return next(out.glob("guardrank-*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A new virtual environment with the wheel and links to the third-party packages."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "env")
    python = folder / "env/bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    links = folder / "third-party"
    links.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(OWN) and entry.suffix != ".pth":
            (links / entry.name).symlink_to(entry)
    site = next((folder / "env/lib").glob("python*/site-packages"))
    (site / "third_party.pth").write_text(f"{links}\n")
    return folder / "env"


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
        "assert len(r.recipe_names()) == 3;"
        "assert 'guardrank-seed' in a.load_sources();"
        "assert all(d.seed_file(x).is_file() for x in DIMENSIONS);"
        "assert (d.seed_file(guardrank.Dimension('bias')).parent.parent / 'RUBRIC.md').is_file();"
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
