"""The clock of throughput.py: seconds of a piece of work, and who kept the cores busy meanwhile.

A contender whose cores were shared is slower than it is; the figure for other processes says whether that
happened. It comes from /proc/stat and covers the machine, so it is missing elsewhere than on Linux.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")
_STAT = Path("/proc/stat")
_BUSY_FIELDS = (1, 2, 3, 6, 7, 8)
"""user, nice, system, irq, softirq, steal"""


@dataclass(frozen=True)
class Timing:
    """Wall-clock seconds, and the cores that this process and all others kept busy on average."""

    seconds: float
    own_cores: float
    other_cores: float | None


def timed(work: Callable[[], Result]) -> tuple[Result, Timing]:
    """Do the work once."""
    machine, own, started = _machine_seconds(), time.process_time(), time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    own = time.process_time() - own
    after = _machine_seconds()
    others = None if machine is None or after is None else max(0.0, after - machine - own) / seconds
    return result, Timing(seconds, own / seconds, others)


def _machine_seconds() -> float | None:
    """Seconds that all cores together have been busy since the machine started."""
    if not _STAT.is_file():
        return None
    fields = _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()
    return sum(int(fields[i]) for i in _BUSY_FIELDS) / os.sysconf("SC_CLK_TCK")
