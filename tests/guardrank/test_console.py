"""Exit codes and messages of every command: one sentence on stderr, a traceback only with ``--debug``."""

import os
import subprocess
import sys

import pytest

import guardrank

APP = '''
import errno, os, signal, sys
import typer
from typing import Annotated
from guardrank.console import new_app, run, say, show_version, warn
from guardrank.errors import GuardRankError, JudgeError, MissingExtraError, TrainingError, UsageError

HELP = """Do something.

\\b
  app ok     # fine
"""
app = new_app(HELP)

@app.command(help=HELP)
def main(
    what: str,
    number: Annotated[int, typer.Option(help="A number.")] = 1,
    debug: Annotated[bool, typer.Option("--debug")] = False,
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True)] = False,
) -> None:
    print("table")
    if what == "ok":
        say("Done with [bold]3[/bold] rows.")
        warn("Careful: [red].")
    elif what == "one":
        pass
    elif what == "many":
        for _ in range(100_000):
            print("a long table row")
    elif what == "signal":
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell has it ignored
        os.kill(os.getpid(), signal.SIGINT)
    else:
        raise eval(what)

run(app)
'''


def run_app(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", APP, *arguments], capture_output=True, text=True, timeout=60)


def test_done():
    done = run_app("ok")
    assert (done.returncode, done.stdout) == (0, "table\n")
    assert done.stderr == "Done with [bold]3[/bold] rows.\nCareful: [red].\n", "markup in data is text"


@pytest.mark.parametrize(
    "error, code, message",
    [
        ("GuardRankError('Gate refused.')", 1, "Error: Gate refused.\n"),
        ("JudgeError('Folder [x] is damaged.')", 1, "Error: Folder [x] is damaged.\n"),
        ("TrainingError('No rows.')", 1, "Error: No rows.\n"),
        (
            "MissingExtraError('Training', 'train')",
            1,
            "Error: Training needs more packages: pip install 'guardrank[train]'\n",
        ),
        ("UsageError('Give --judge.')", 2, "Error: Give --judge.\n"),
        (
            "FileNotFoundError(errno.ENOENT, 'No such file or directory', 'a.jsonl')",
            1,
            "Error: No such file or directory: a.jsonl\n",
        ),
        ("PermissionError(errno.EACCES, 'Permission denied', 'out')", 1, "Error: Permission denied: out\n"),
        ("OSError('disk on fire')", 1, "Error: disk on fire\n"),
        (
            "ValueError('odd value')",
            1,
            "Error: ValueError: odd value (run again with --debug for the traceback)\n",
        ),
        ("KeyboardInterrupt()", 130, "Interrupted.\n"),
        ("typer.Abort()", 130, "Interrupted.\n"),
        ("typer.Exit(0)", 0, ""),
        ("typer.Exit(1)", 1, ""),
    ],
)
def test_an_error_is_one_sentence_and_an_exit_code(error, code, message):
    done = run_app(error)
    assert done.returncode == code
    assert done.stderr.lstrip("\n") == message
    assert done.stdout == "table\n"


def test_a_long_sentence_is_not_broken():
    done = run_app(f"GuardRankError('{'word ' * 100}end')")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "error", ["JudgeError('Damaged.')", "ValueError('odd value')", "UsageError('Give --judge.')"]
)
def test_debug_shows_the_traceback(error):
    done = run_app(error, "--debug")
    assert done.returncode != 0
    assert "Traceback (most recent call last)" in done.stderr
    assert error.split("'")[1] in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "Missing argument"),
        (["ok", "--nonsense"], "--nonsense"),
        (["ok", "--number", "many"], "--number"),
        (["ok", "more"], "more"),
    ],
    ids=["missing", "unknown option", "wrong type", "too many"],
)
def test_wrong_usage(arguments, message):
    done = run_app(*arguments)
    assert done.returncode == 2
    assert message in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


def test_interrupted():
    done = run_app("signal")
    assert done.returncode == 130
    assert done.stderr.strip() == "Interrupted."


def test_version():
    done = run_app("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"guardrank {guardrank.__version__}\n", "")


def test_help_keeps_its_example():
    done = run_app("--help")
    assert done.returncode == 0
    assert "  app ok     # fine\n" in done.stdout


@pytest.mark.parametrize("what", ["many", "one"], ids=["while it writes", "at the end"])
def test_a_reader_that_has_seen_enough_ends_it_quietly(what):
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", APP, what]
    with subprocess.Popen(
        command, env=buffered, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        messages = process.stderr.read()
    assert (process.returncode, messages) == (0, "")
