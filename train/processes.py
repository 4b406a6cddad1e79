"""Which of a launcher's processes this is (``accelerate launch``, ``torchrun``); alone it is the first."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def is_main_process() -> bool:
    """Whether this is the only process, or the first of a distributed run."""
    return int(os.environ.get("RANK", "0")) == 0


def process_count() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_sharded() -> bool:
    """Whether the launcher was told to divide the weights among the processes (FSDP)."""
    return process_count() > 1 and os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"


def describe_processes() -> str:
    """How the processes train together, for messages and for the settings of a run."""
    return f"{process_count()} processes, the weights {'divided' if is_sharded() else 'in each'}"


def end_process(error: SystemExit) -> NoReturn:
    """End with the exit code of ``error``; all but the first process at once.

    They have nothing left to tidy up, and torch's gloo threads sometimes abort an interpreter that does (2.13.0):
    the launcher would then end the first process too, which is still calibrating and writing.
    """
    if is_main_process():
        raise error
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(error.code if isinstance(error.code, int) else 1)
