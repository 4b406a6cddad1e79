"""``OUTPUT.run.json``: what a scoring run was begun with, so that only the same run ever goes on with its file.

    judges    the panel's members in order, each with its content hash
    options   those that decide which lines are written, and what stands in them
    inputs    name, size and SHA-256 of every file
    finished  how many verdicts and bytes the whole output has; null until it is whole

It holds no text under judgement, and stays beside the verdicts to tell where they come from. Options that only
shape the tables, or say where and how fast the judge computes, are not in it: they may change from run to run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from guardrank import __version__
from guardrank.annotations.task_sheets import task_sheet_files
from guardrank.errors import GuardRankError
from guardrank.judge.base import hash_file
from guardrank.serve.inputs import InputFile
from guardrank.serve.request import ScoringRequest

_LATER = frozenset({"escalate"})
"""Options that a run may go on with or without, but not with another value: verdicts are escalated at its end."""


class Finished(BaseModel):
    """The size of the whole output."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdicts: int
    bytes: int


class RunFile(BaseModel):
    """The content of OUTPUT.run.json."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: Literal[1] = 1
    guardrank: str = __version__
    judges: tuple[str, ...]
    options: dict[str, Any]
    inputs: tuple[InputFile, ...]
    finished: Finished | None = None

    def difference(self, now: RunFile) -> str | None:
        """Why the run that is asked for now is not this one, as half a sentence; None if it is."""
        if self.guardrank != now.guardrank:
            return f"the run was begun with guardrank {self.guardrank}, not {now.guardrank}"
        if self.judges != now.judges:
            return f"the run was begun with judge {_listed(self.judges)}, not {_listed(now.judges)}"
        options = [name for name in self.options | now.options if self._differs(now, name)]
        if options:
            return f"the run was begun with other options ({_listed([f'--{name}' for name in options])})"
        if [file.name for file in self.inputs] != [file.name for file in now.inputs]:
            return f"the run was begun with other inputs ({_listed([file.name for file in self.inputs])})"
        changed = [new.name for old, new in zip(self.inputs, now.inputs, strict=True) if old != new]
        return f"{changed[0]} has changed since the run began" if changed else None

    def _differs(self, now: RunFile, name: str) -> bool:
        begun, asked = self.options.get(name), now.options.get(name)
        return begun != asked and not (name in _LATER and None in (begun, asked))


def describe_run(
    request: ScoringRequest, judges: Sequence[str], inputs: Sequence[InputFile], escalate: str | None = None
) -> RunFile:
    """The run file of ``request``, not yet written.

    Args:
        escalate: name and hash of the chat judge that takes over what ``judges`` abstain on.
    """
    options = {
        "dim": request.dimension,
        "map": dict(request.mapping),
        "tasks": _hash_of_sheets(request.tasks) if request.tasks else None,
        "with-text": request.with_text,
        "abstain-at": request.abstain_at,
        "escalate": escalate,
    }
    return RunFile(judges=tuple(judges), options=options, inputs=tuple(inputs))


def _hash_of_sheets(folder: Path) -> str:
    sheets = [f"{sheet.resolve().parent.name}:{hash_file(sheet)}\n" for sheet in task_sheet_files(folder)]
    return hashlib.sha256("".join(sheets).encode()).hexdigest()


def run_file_of(output: Path) -> Path:
    """Where the run file of ``output`` is."""
    return output.with_name(f"{output.name}.run.json")


def read_run_file(path: Path) -> RunFile | None:
    """The run file at ``path``, None if there is none; raises GuardRankError if it cannot be read."""
    try:
        return RunFile.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise GuardRankError(
            f"{path} is damaged or of another version of guardrank: score again without --resume"
        ) from None


def write_run_file(path: Path, run: RunFile) -> None:
    """Write ``run`` so that a kill leaves the old file or the new one, never half of one."""
    draft = path.with_name(f"{path.name}.tmp")
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    draft.write_bytes(orjson.dumps(run.model_dump(mode="json"), option=options))
    draft.replace(path)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
