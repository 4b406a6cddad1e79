"""What all commands share: tables on stdout, messages on stderr, errors as one sentence, exit codes.

0 done    1 the work failed, or a gate refused    2 wrong usage    130 interrupted
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from guardrank import __version__
from guardrank.errors import GuardRankError

INTERRUPTED = 130


def messages() -> Console:
    """The console for messages: stderr."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """One message to the user, on stderr; text from data is never read as markup."""
    messages().print(text, markup=False)


def warn(text: str) -> None:
    """A message that the user should not miss."""
    messages().print(text, style="yellow", markup=False)


def show_version(wanted: bool) -> None:
    """The callback of ``--version``."""
    if wanted:
        typer.echo(f"guardrank {__version__}")
        raise typer.Exit


DeviceOption = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps; the accelerator unless given.")]
MapOption = Annotated[str | None, typer.Option("--map", help="Columns: ours=theirs,...")]
TasksOption = Annotated[Path | None, typer.Option(help="MLLMGuard task sheets, for a results folder.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
VersionOption = Annotated[
    bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
]


def new_app(help_text: str) -> typer.Typer:
    """A one-command application whose help keeps its line breaks."""
    return typer.Typer(help=help_text, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def run(app: typer.Typer) -> NoReturn:
    """Run a command; every error becomes one sentence and an exit code, a traceback only with ``--debug``."""
    sys.exit(exit_code(app))


def exit_code(app: typer.Typer) -> int:
    """Run a command on ``sys.argv``, say what went wrong, and return the exit code."""
    try:
        result = app(standalone_mode=False)
        sys.stdout.flush()
        code = result if isinstance(result, int) else 0
        if code == INTERRUPTED:  # typer has caught the KeyboardInterrupt
            say("Interrupted.")
        return code
    except typer.Exit as exit_:
        return exit_.exit_code
    except typer.TyperException as error:
        show = getattr(error, "show", None)
        show() if show else say(f"Error: {error}")
        return int(getattr(error, "exit_code", 2))
    except (KeyboardInterrupt, typer.Abort):
        say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except SystemExit as exit_:
        if isinstance(exit_.__context__, BrokenPipeError):  # typer makes it an exit with 1
            return _reader_left()
        raise
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        say(f"Error: {_sentence(error)}")
        return error.exit_code if isinstance(error, GuardRankError) else 1


def _reader_left() -> int:
    """The reader of our output (``| head``) has seen enough: end well, and drop what is still to be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return 0


def _sentence(error: Exception) -> str:
    if isinstance(error, GuardRankError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename}" if error.filename else str(error)
    return f"{type(error).__name__}: {error} (run again with --debug for the traceback)"
