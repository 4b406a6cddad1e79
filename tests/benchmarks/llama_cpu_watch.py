"""A child process and the most memory that it held, read from /proc by its parent while it runs (Linux).

    resident   all pages in memory, those of mapped files included (VmHWM, kept by the kernel): the strict figure
    private    pages of its own (RssAnon, looked at 50 times a second): what cannot be dropped and read again

Mapped files are the weights of a model that is being loaded; the kernel takes their pages back when it needs
memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PAUSE = 0.02
_FIELDS = {"VmHWM": "resident_gb", "RssAnon": "private_gb"}


def run_watched(command: Sequence[str]) -> dict[str, Any]:
    """What ``command`` printed as JSON on its last line, its seconds and both peaks added.

    Exits with the child's stderr where it fails.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err)
        peaks = dict.fromkeys(_FIELDS.values(), 0.0)
        try:
            while child.poll() is None:
                _raise_to(peaks, child.pid)
                time.sleep(_PAUSE)
        finally:
            child.kill()  # nothing, where it has ended
        if child.returncode:
            err.seek(0)
            sys.exit(f"{err.read()}\nError: {' '.join(command)} failed with {child.returncode}")
        out.seek(0)
        seconds = time.perf_counter() - started
        return {**json.loads(out.read().splitlines()[-1]), **peaks, "process_seconds": seconds}


def _raise_to(peaks: dict[str, float], pid: int) -> None:
    """Lift each peak to what the process holds now, in GB (10^9 bytes)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:  # it has just ended
        return
    for line in lines:
        name, _, value = line.partition(":")
        if name in _FIELDS:
            peaks[_FIELDS[name]] = max(peaks[_FIELDS[name]], int(value.split()[0]) * 1024 / 1e9)
