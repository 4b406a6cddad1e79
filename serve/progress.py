"""How far scoring is: one bar on a terminal, a plain line every half minute elsewhere.

    120,000 of 1,000,000 rows, 410 rows/s, 35 min left

The speed is that of the last half minute, and of rows dealt with in this process: those that a resumed run has
from before count as done, not as speed.
"""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from guardrank.console import messages, say

SPAN_SECONDS = 30.0
"""What the speed is measured over, and how long a log stays silent between two lines."""


class Pace:
    """Rows done, of how many, how fast, and what is left.

    Args:
        total: None if nobody knows.
    """

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.done = 0
        self._marks: deque[tuple[float, int]] = deque()

    def jump(self, done: int, now: float) -> None:
        """``done`` rows are done without work: the speed starts anew from here."""
        self.done = done
        self._marks = deque([(now, done)])

    def move(self, done: int, now: float) -> None:
        """``done`` rows are done by now."""
        self.done = done
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - SPAN_SECONDS:
            self._marks.popleft()

    @property
    def speed(self) -> float | None:
        """Rows a second; None before the first were done."""
        (start, before), (now, done) = self._marks[0], self._marks[-1]
        return (done - before) / (now - start) if done > before and now > start else None

    def __str__(self) -> str:
        known = self.total is not None and self.done <= self.total
        parts = [f"{self.done:,} of {self.total:,} rows" if known else f"{self.done:,} rows"]
        if self.speed:
            parts.append(f"{self.speed:,.0f} rows/s" if self.speed >= 10 else f"{self.speed:.1f} rows/s")
            if known and self.total is not None:
                parts.append(f"{show_duration((self.total - self.done) / self.speed)} left")
        return ", ".join(parts)


def show_duration(seconds: float) -> str:
    """``35 s``, ``35 min`` or ``3 h 35 min``: no finer than an estimate deserves."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class ScoringProgress:
    """Shows a Pace on stderr while the ``with`` block lasts."""

    def __init__(self, total: int | None) -> None:
        console = messages()
        columns = (SpinnerColumn(), BarColumn(None), TextColumn("{task.description}"), TimeElapsedColumn())
        self._bar = Progress(
            *columns, console=console, transient=True, expand=True, disable=not console.is_terminal
        )
        self._task = self._bar.add_task("", total=total)
        self._pace = Pace(total)
        self._said = monotonic()

    def __enter__(self) -> Self:
        self._pace.jump(0, monotonic())
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def passed_over(self, done: int) -> None:
        """``done`` rows are done, and none of them in this process."""
        self._pace.jump(done, monotonic())
        self._show()

    def scored(self, done: int) -> None:
        """``done`` rows are done."""
        self._pace.move(done, monotonic())
        self._show()

    def _show(self) -> None:
        if not self._bar.disable:
            self._bar.update(self._task, completed=self._pace.done, description=str(self._pace))
        elif monotonic() - self._said >= SPAN_SECONDS:
            self._said = monotonic()
            say(str(self._pace))
