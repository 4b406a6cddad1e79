"""How far a chat judge is, on stderr: a bar on a terminal, a plain line every half minute elsewhere.

1,200 of 5,000 records, 1.23 dollars, 0:04:10 left
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from guardrank.console import messages, say

SPAN_SECONDS = 30.0
"""What the speed is measured over."""
SILENT_SECONDS = 30.0
"""How long a log stays silent between two lines."""


class ChatProgress:
    """Shows the progress while the ``with`` block lasts.

    Args:
        total: records; None if nobody knows.
        wanted: False shows nothing.
    """

    def __init__(self, total: int | None, *, wanted: bool = True) -> None:
        console = messages()
        self._wanted = wanted
        self._bar = Progress(
            *(SpinnerColumn(), BarColumn(None), TextColumn("{task.description}"), TimeElapsedColumn()),
            console=console,
            transient=True,
            expand=True,
            disable=not (wanted and console.is_terminal),
            speed_estimate_period=SPAN_SECONDS,
        )
        self._task = self._bar.add_task("", total=total)
        self._said = monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def move(self, dollars: float | None) -> None:
        """One more record is done; ``dollars`` were spent so far, None where the price is not known."""
        self._bar.advance(self._task)
        text = self._text(dollars)
        self._bar.update(self._task, description=text)
        if self._wanted and self._bar.disable and monotonic() - self._said >= SILENT_SECONDS:
            self._said = monotonic()
            say(text)

    def _text(self, dollars: float | None) -> str:
        task = self._bar.tasks[0]
        total = f" of {task.total:,.0f}" if task.total is not None else ""
        parts = [f"{task.completed:,.0f}{total} records"]
        if dollars is not None:
            parts.append(f"{dollars:,.2f} dollars")
        if task.time_remaining is not None and not task.finished:
            parts.append(f"{timedelta(seconds=round(task.time_remaining))} left")
        return ", ".join(parts)
