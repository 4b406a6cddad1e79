"""What the package exports, and what importing it costs."""

import json
import os
import subprocess
import sys
from importlib import import_module

import pytest

import guardrank

HOMES = {
    "Dimension": "guardrank.dimensions",
    "Record": "guardrank.records",
    "RejectLog": "guardrank.records",
    "Verdict": "guardrank.records",
    "load_judge": "guardrank.judge",
    "read_records": "guardrank.annotations",
}
HEAVY = {
    "torch",
    "transformers",
    "datasets",
    "evaluate",
    "peft",
    "accelerate",
    "sklearn",
    "scipy",
    "pandas",
    "pyarrow",
}
LATER = {"numpy", "pydantic", "tokenizers", "onnxruntime", "huggingface_hub", "typer", "rich"}
"""Light enough to need, but not before the first name is used."""


def modules_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running ``code``."""
    report = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=120
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", HOMES)
def test_a_name_is_the_object_of_its_home(name):
    assert getattr(guardrank, name) is getattr(import_module(HOMES[name]), name)


def test_exports_are_these():
    assert sorted(guardrank.__all__) == sorted([*HOMES, "__version__"]) == sorted(dir(guardrank))
    assert isinstance(guardrank.__version__, str)


def test_star_import_gives_them():
    names: dict[str, object] = {}
    exec("from guardrank import *", names)
    assert set(HOMES) <= set(names)


@pytest.mark.parametrize("name", ["nonsense", "load_judges", "_private"])
def test_an_unknown_name(name):
    with pytest.raises(AttributeError, match=f"module 'guardrank' has no attribute '{name}'"):
        getattr(guardrank, name)
    with pytest.raises(ImportError):
        exec(f"from guardrank import {name}")


@pytest.mark.parametrize(
    "package", ["dimensions", "records", "judge", "engine", "calibration", "annotations", "metrics"]
)
def test_every_name_that_a_package_exports_is_there(package):
    module = import_module(f"guardrank.{package}")
    assert module.__all__ and all(hasattr(module, name) for name in module.__all__)


def test_importing_the_package_loads_nothing_beside_it():
    loaded = modules_after("import guardrank")
    assert not loaded & (HEAVY | LATER), "the package must stay cheap to import (0.3 s)"


@pytest.mark.parametrize(
    "code",
    [
        "import guardrank.records, guardrank.judge",
        "from guardrank import *",
        "import guardrank.annotations, guardrank.metrics, guardrank.engine, guardrank.console",
        "import guardrank.engine.torch_engine, guardrank.judge.torch_loading",
        "import guardrank.serve.score",
    ],
)
def test_no_module_of_the_base_install_loads_an_extra(code):
    assert not modules_after(code) & HEAVY


def test_records_are_read_and_a_judge_looked_for_without_an_extra(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"response": "No.", "dimension": "bias"}\n')
    code = (
        "import guardrank\n"
        f"assert [record.response for record in guardrank.read_records({str(file)!r})] == ['No.']\n"
        "try:\n"
        "    guardrank.load_judge('absent')\n"
        "except Exception as error:\n"
        "    assert type(error).__name__ == 'JudgeError', error\n"
    )
    assert not modules_after(code) & HEAVY


def test_nothing_reports_to_anyone_and_leaves_no_mark_in_the_home(tmp_path):
    """ONNX Runtime would make a device id there, and send it with what it was used for."""
    (home := tmp_path / "home").mkdir()
    record = "guardrank.Record(response='Hello', dimension='bias')"
    script = f"import guardrank; next(guardrank.load_judge('guardrank-mini').score([{record}]))"
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_", "CI"))}
    subprocess.run([sys.executable, "-c", script], env=own | {"HOME": str(home)}, check=True)
    assert list(home.rglob("*")) == []
