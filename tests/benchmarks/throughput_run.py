"""Measuring one shape: its folder, a pilot of every contender, the rounds, and a check of what they say.

Every step is a process of its own (throughput_worker.py); a contender whose process fails is a Track with a
problem, and the others go on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from contenders import REFERENCE, Logits, describe_setting
from throughput_rows import Row, half_of, write_rows

from guardrank.calibration import probabilities

_WORKER = Path(__file__).with_name("throughput_worker.py")
_STEP_SECONDS = 3600


class StepError(Exception):
    """A step's process failed; the message is its last word."""


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        layers: the large shape's.
        warm_up: the share of the rows that a contender scores before the clock starts.
    """

    shape: str
    layers: int
    seed: int
    names: Sequence[str]
    rounds: int
    threads: int
    warm_up: float

    def counts(self, name: str, rows: int) -> dict[str, int]:
        """Rows that ``name`` scores on the clock, in its pilot, and to warm up."""
        score = max(1, rows // 10) if name == REFERENCE else rows
        return {"score": score, "pilot": max(1, score // 4), "warm_up": max(1, round(score * self.warm_up))}


@dataclass
class Track:
    """What became of one contender: its pilot, a run a round, how its answers compare, or its problem."""

    name: str
    pilot: dict[str, Any] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    check: dict[str, float] = field(default_factory=dict)
    problem: str = ""

    @property
    def speeds(self) -> list[float]:
        """Rows a second, round by round."""
        return [run["rows_per_second"] for run in self.runs]


@dataclass
class Measured:
    """All figures of one shape."""

    plan: Plan
    texts: dict[str, Any]
    operations: dict[str, float]
    tracks: dict[str, Track]
    limits: list[dict[str, dict[str, float]]]


def measure(plan: Plan, rows: Sequence[Row], folder: Path) -> Measured:
    """Build the shape in ``folder`` and measure every contender."""
    folder.mkdir()
    write_rows(folder / "rows.jsonl", rows)
    recipe = {"shape": plan.shape, "layers": plan.layers, "seed": plan.seed}
    built = _call(plan, "shape", folder=str(folder), rows=str(folder / "rows.jsonl"), recipe=recipe)
    measured = Measured(plan, built["texts"], built["operations"], {n: Track(n) for n in plan.names}, [])
    for track in measured.tracks.values():
        _attempt(track, partial(_pilot, plan, track, folder, len(rows)))
    for number in range(plan.rounds):
        _round(measured, folder, number)
    for track in measured.tracks.values():
        if not track.problem:
            track.check = _check(track, folder)
    return measured


def _round(measured: Measured, folder: Path, number: int) -> None:
    """The machine's limit, and one run of each contender, backwards in every other round."""
    plan, tracks = measured.plan, list(measured.tracks.values())
    measured.limits.append(_call(plan, "limit", folder=str(folder), threads=plan.threads))
    for track in tracks if number % 2 == 0 else reversed(tracks):
        _attempt(track, partial(_score, plan, track, folder, measured.texts["rows"]))
        speed = f"{track.speeds[-1]:.1f} rows/s" if not track.problem else "failed"
        _say(f"{plan.shape}, round {number + 1}: {track.name} {speed}")


def _attempt(track: Track, step: Callable[[], None]) -> None:
    """Run the step of a contender that is still in the race; keep what went wrong."""
    if track.problem:
        return
    try:
        step()
    except StepError as error:
        track.problem = str(error)
        _say(f"{track.name} failed: {error}")


def _pilot(plan: Plan, track: Track, folder: Path, rows: int) -> None:
    track.pilot = _call(
        plan,
        "pilot",
        contender=track.name,
        counts=plan.counts(track.name, rows),
        alone=str(_logits_file(folder, track, "alone")),
        **_where(plan, folder),
    )
    _say(f"{plan.shape}: {track.name} is ready, {describe_setting(track.pilot['setting']) or 'no choices'}")


def _score(plan: Plan, track: Track, folder: Path, rows: int) -> None:
    run = _call(
        plan,
        "score",
        contender=track.name,
        counts=plan.counts(track.name, rows),
        setting=track.pilot["setting"],
        logits=str(_logits_file(folder, track, "logits")),
        **_where(plan, folder),
    )
    track.runs.append(run)


def _where(plan: Plan, folder: Path) -> dict[str, Any]:
    return {"folder": str(folder), "rows": str(folder / "rows.jsonl"), "threads": plan.threads}


def _logits_file(folder: Path, track: Track, kind: str) -> Path:
    return folder / f"{track.name}.{kind}.npy"


def _check(track: Track, folder: Path) -> dict[str, float]:
    """Against float32 of each row alone, and against its own answers for half of the rows in another order."""
    logits: Logits = np.load(_logits_file(folder, track, "logits"))
    ours = probabilities(logits, "nominal")
    truth = probabilities(np.load(folder / "truth.npy")[: len(ours)], "nominal")
    alone = probabilities(np.load(_logits_file(folder, track, "alone")), "nominal")
    return {
        "largest_difference": float(np.abs(ours - truth).max()),
        "flipped": float((ours.argmax(axis=1) != truth.argmax(axis=1)).mean()),
        "moves_with_batch_mates": float(np.abs(ours[half_of(len(ours))] - alone).max()),
    }


def _call(plan: Plan, step: str, **spec: Any) -> dict[str, Any]:
    """Run one step; raises StepError with what it said last."""
    command = [sys.executable, str(_WORKER), step, json.dumps(spec)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=_environment(plan.threads),
            timeout=_STEP_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise StepError(f"{step} took more than {_STEP_SECONDS} s") from None
    if done.returncode < 0:
        raise StepError(f"{step} was ended by signal {-done.returncode}")
    if done.returncode:
        raise StepError((done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _environment(threads: int) -> dict[str, str]:
    """The same threads for everyone, no word to any hub."""
    count = str(threads)
    return os.environ | {
        "OMP_NUM_THREADS": count,
        "RAYON_NUM_THREADS": count,
        "TOKENIZERS_PARALLELISM": "true",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
