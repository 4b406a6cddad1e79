"""guardrank-bench in a folder of its own, beside a model that refuses everything."""

import pytest
from tests_support.benchmark import ECHO
from tests_support.commands import run_here

from guardrank.benchmark.cli import app


@pytest.fixture
def bench(capfd, monkeypatch, tmp_path):
    (tmp_path / "echo_models.py").write_text(ECHO)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    return lambda *arguments: run_here(app, capfd, monkeypatch, *arguments)
