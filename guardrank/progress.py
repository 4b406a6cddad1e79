"""How far long work is: one bar on a terminal, a plain line every half minute elsewhere.

    120,000 of 1,000,000 rows, 410 rows/s, 35 min left

The speed is that of the last half minute, and of steps taken in this process: those that a resumed run has
from before count as done, not as speed. Steps that come in bursts, a judge's batch at once, are timed from the
first of one burst to the first of another.
"""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Self

from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from guardrank.console import messages, say

SPAN_SECONDS = 30.0
"""What the speed is measured over, and how long a log stays silent between two lines."""

BURST_SECONDS = 2.0
"""Steps that follow a first one within this time are of its burst."""


class Pace:
    """Steps done, of how many, how fast, and what is left.

    Args:
        total: None if nobody knows.
        unit: what a step is, in the plural.
    """

    def __init__(self, total: int | None, unit: str = "rows") -> None:
        self.total = total
        self.unit = unit
        self.done = self._before = 0
        self._marks: deque[tuple[float, int]] = deque()
        """When the work began or a burst did, and how many steps were done then."""

    def jump(self, done: int, now: float) -> None:
        """``done`` steps are done without work: the speed starts anew from here."""
        self.done = self._before = done
        self._marks = deque([(now, done)])

    def move(self, done: int, now: float) -> None:
        """``done`` steps are done by now."""
        self.done = done
        if len(self._marks) > 1 and now - self._marks[-1][0] < BURST_SECONDS:
            return
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - SPAN_SECONDS:
            self._marks.popleft()

    @property
    def speed(self) -> float | None:
        """Steps a second; None while a single step, which may begin a burst, is all there is to tell it by."""
        (start, before), (now, done) = self._marks[0], self._marks[-1]
        if now <= start or done <= self._before + 1:
            return None
        return (done - before) / (now - start)

    def __str__(self) -> str:
        known = self.total is not None and self.done <= self.total
        parts = [f"{self.done:,} of {self.total:,} {self.unit}" if known else f"{self.done:,} {self.unit}"]
        if self.speed:
            speed = f"{self.speed:,.0f}" if self.speed >= 10 else f"{self.speed:.1f}"
            parts.append(f"{speed} {self.unit}/s")
            if known and self.total is not None:
                parts.append(f"{show_duration((self.total - self.done) / self.speed)} left")
        return ", ".join(parts)


def show_duration(seconds: float) -> str:
    """``35 s``, ``35 min`` or ``3 h 35 min``: no finer than an estimate deserves."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class Progress:
    """Shows a Pace on stderr while the ``with`` block lasts.

    Args:
        total: steps; None if nobody knows.
        unit: what a step is, in the plural.
        title: what is done, such as a judge's name; it is never read as markup.
        wanted: False shows nothing.
    """

    def __init__(self, total: int | None, unit: str = "rows", *, title: str = "", wanted: bool = True) -> None:
        console = messages()
        self._wanted = wanted
        self._title = f"{title}: " if title else ""
        self._bar = Bar(
            *(
                SpinnerColumn(),
                BarColumn(None),
                TextColumn("{task.description}", markup=False),
                TimeElapsedColumn(),
            ),
            console=console,
            transient=True,
            expand=True,
            disable=not (wanted and console.is_terminal),
        )
        self._task = self._bar.add_task("", total=total)
        self._pace = Pace(total, unit)
        self._said = monotonic()

    def __enter__(self) -> Self:
        self._pace.jump(0, monotonic())
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def passed_over(self, done: int) -> None:
        """``done`` steps are done, and none of them in this process."""
        self._pace.jump(done, monotonic())
        self._show()

    def reached(self, done: int, note: str = "") -> None:
        """``done`` steps are done; ``note`` is shown behind it."""
        self._pace.move(done, monotonic())
        self._show(note)

    def advance(self, note: str = "") -> None:
        """One more step is done."""
        self.reached(self._pace.done + 1, note)

    def _show(self, note: str = "") -> None:
        if not self._bar.disable:
            self._bar.update(self._task, completed=self._pace.done, description=self._text(note))
        elif self._wanted and monotonic() - self._said >= SPAN_SECONDS:
            self._said = monotonic()
            say(self._text(note))

    def _text(self, note: str) -> str:
        return f"{self._title}{self._pace}{note and f', {note}'}"
