"""Which recipe and base ``guardrank-train`` takes when the user names none.

The paper's base where it is on this machine and the machine can hold it, else the one that comes with pip;
never a download that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil
import torch

from guardrank.dimensions import Dimension
from guardrank.judge.base import cached_base, weight_files
from guardrank.train.recipe import Recipe, load_recipe

WORKING_ROOM = 2 << 30
"""Bytes for activations, adapter, optimiser and Python beside the base's weights."""


def choose_recipe(
    dimensions: Sequence[Dimension], device: str, overrides: Sequence[str] = ()
) -> tuple[Recipe, str]:
    """The recipe for ``dimensions`` on this machine, and one line that says which and why."""
    paper = load_recipe(_paper_recipe(dimensions), overrides)
    folder = cached_base(paper.base)
    if folder is None:
        reason = f"{paper.base} is not on this machine"
    elif (need := memory_needed(folder, full=paper.full)) > (room := memory_free(device)):
        reason = f"{paper.base} needs about {need >> 30:,} GiB and {room >> 30:,} GiB are free"
    else:
        return paper, f"Recipe {paper.name}: {paper.base} is on this machine, in {folder}."
    return load_recipe("embedded", overrides), f"Recipe embedded: the base that comes with pip, since {reason}."


def _paper_recipe(dimensions: Sequence[Dimension]) -> str:
    return "paper-truthfulness" if tuple(dimensions) == (Dimension.TRUTHFULNESS,) else "paper-values"


def memory_needed(folder: Path, *, full: bool) -> int:
    """Bytes to train on the base in ``folder``: its weights; with ``full`` gradients and Adam's moments too."""
    weights = sum(file.stat().st_size for file in weight_files(folder))
    return (4 * weights if full else weights) + WORKING_ROOM


def memory_free(device: str) -> int:
    """Free bytes of the device's memory."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)
