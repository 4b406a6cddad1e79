"""Running the commands as a user does, in this process or in one of their own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from guardrank.console import exit_code


@dataclass
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


def run_here(app, capfd, monkeypatch, *arguments) -> Outcome:
    """Run a typer app in this process; quick, since torch is loaded already."""
    monkeypatch.setattr(sys, "argv", ["guardrank", *map(str, arguments)])
    capfd.readouterr()
    code = exit_code(app)
    captured = capfd.readouterr()
    return Outcome(code, captured.out, captured.err)


def run_module(module: str, *arguments, cwd: Path, stdin: bytes | None = None, **environment) -> Outcome:
    """Run ``python -m module`` in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        check=False,
        env=os.environ | {"COLUMNS": "100"} | environment,
    )
    return Outcome(result.returncode, result.stdout.decode(), result.stderr.decode())
