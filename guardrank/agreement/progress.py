"""How far a study is: a bar with the time left on a terminal, a plain line every half minute elsewhere."""

from __future__ import annotations

from time import monotonic
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from guardrank.console import messages, say

SILENT_SECONDS = 30.0
"""How long a log stays silent between two lines."""


class Steps:
    """Counts the steps of one piece of work on stderr while the ``with`` block lasts.

    Args:
        title: what is done, such as ``ours``; it is never read as markup.
        total: how many steps there are.
        unit: what a step is, in the plural.
    """

    def __init__(self, title: str, total: int, unit: str = "rows") -> None:
        console = messages()
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(None),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeRemainingColumn(),
        )
        self._bar = Progress(
            *columns, console=console, transient=True, expand=True, disable=not console.is_terminal
        )
        self._task = self._bar.add_task(title, total=total)
        self._title = title
        self._unit = unit
        self._said = monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self, steps: int = 1) -> None:
        """``steps`` more are done."""
        self._bar.advance(self._task, steps)
        if self._bar.disable and monotonic() - self._said >= SILENT_SECONDS:
            self._said = monotonic()
            say(str(self))

    def __str__(self) -> str:
        task = self._bar.tasks[self._task]
        done = f"{self._title}: {task.completed:,.0f} of {task.total or 0:,.0f} {self._unit}"
        left = task.time_remaining
        return done if left is None else f"{done}, {left:,.0f} s left"
