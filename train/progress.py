"""How far training is: a bar with the time left on a terminal, and one line for each look at the dev rows."""

from __future__ import annotations

import math
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback

from guardrank.console import messages


class TrainingProgress(TrainerCallback):
    """Shows updates done and left on stderr; elsewhere than on a terminal only the lines."""

    def __init__(self) -> None:
        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = messages()
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("")

    def on_train_begin(self, args: Any, state: Any, control: Any, **options: Any) -> None:  # noqa: ARG002
        """Show the bar, in the first process only."""
        if state.is_world_process_zero:
            self._bar.start()
            self._bar.update(self._task, total=state.max_steps, completed=state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **options: Any) -> None:  # noqa: ARG002
        """Move the bar."""
        self._bar.update(self._task, completed=state.global_step)

    def on_evaluate(self, args: Any, state: Any, control: Any, **options: Any) -> None:  # noqa: ARG002
        """Say how good the head is by now."""
        if not state.is_world_process_zero:
            return
        metrics: dict[str, float] = options["metrics"]
        loss = next((row["loss"] for row in reversed(state.log_history) if "loss" in row), math.nan)
        self._bar.console.print(
            f"epoch {state.epoch:.1f} of {state.num_train_epochs}: loss {loss:.3f}, "
            f"dev loss {metrics['eval_loss']:.3f}, dev kappa {metrics['eval_kappa']:.3f}",
            markup=False,
        )

    def stop(self) -> None:
        """Take the bar away, however training ended."""
        self._bar.stop()
