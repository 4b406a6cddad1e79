"""``guardrank-agree`` as a command: its help, and what it costs to ask for it."""

import subprocess
import sys

import pytest
from tests_support.commands import run_here

from guardrank import __version__
from guardrank.agreement.cli import app


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_names_the_commands(capfd, monkeypatch, arguments):
    outcome = run_here(app, capfd, monkeypatch, *arguments)
    assert all(f"guardrank-agree {name} " in outcome.out + outcome.err for name in ("study", "correct", "queue"))


@pytest.mark.parametrize("command", ["study", "correct", "queue"])
def test_each_command_has_help_with_examples(capfd, monkeypatch, command):
    outcome = run_here(app, capfd, monkeypatch, command, "--help")
    assert outcome.code == 0
    assert f"guardrank-agree {command} " in outcome.out


def test_version(capfd, monkeypatch):
    assert run_here(app, capfd, monkeypatch, "--version").out.strip() == f"guardrank {__version__}"


@pytest.mark.parametrize("arguments", [("stdy",), ("study",), ("study", "x.jsonl", "--no-such-option")])
def test_wrong_usage(capfd, monkeypatch, arguments):
    outcome = run_here(app, capfd, monkeypatch, *arguments)
    assert (outcome.code, outcome.out) == (2, "")


def test_help_loads_nothing_heavy():
    """Half a second of scipy before the help would be a nuisance."""
    heavy = (
        "scipy",
        "sklearn",
        "statsmodels",
        "krippendorff",
        "torch",
        "transformers",
        "openai",
        "httpx",
        "jinja2",
    )
    code = f"import sys, guardrank.agreement.cli; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
