"""ScoringRequest: what the user of ``guardrank-score`` asked for, and whether such a run can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from guardrank.dimensions import Dimension
from guardrank.errors import UsageError


@dataclass(frozen=True)
class ScoringRequest:
    """What the user asked for; ``output`` is a file or ``-``."""

    inputs: tuple[str, ...]
    output: str
    judges: tuple[str, ...] = ()
    dimension: Dimension | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    tasks: Path | None = None
    base: str | None = None
    variant: str | None = None
    threads: int | None = None
    device: str | None = None
    with_text: bool = False
    include_abstained: bool = False
    compat: Literal["mllmguard"] | None = None
    strict: bool = False
    resume: bool = False

    @property
    def to_stdout(self) -> bool:
        """Whether the verdicts go to standard output."""
        return self.output == "-"

    @property
    def to_device(self) -> bool:
        """Whether the verdicts go to a device or a pipe, where nothing stays."""
        return Path(self.output).exists() and not Path(self.output).is_file()

    @property
    def rejects_folder(self) -> Path:
        """Where NAME.rejects.jsonl goes: beside the verdicts, if they are a file."""
        return Path.cwd() if self.to_stdout or self.to_device else Path(self.output).parent

    @property
    def once_only(self) -> str | None:
        """Why this run cannot be resumed; None if it can: from files that stay, to a file that stays."""
        if self.to_stdout:
            return "what went to standard output is gone: give a file with -o"
        if self.to_device:
            return f"what went to {self.output} is gone: give a regular file with -o"
        if "-" in self.inputs:
            return "standard input cannot be read again: put the responses into a file"
        if absent := [name for name in self.inputs if not Path(name).exists()]:
            return f"{absent[0]} may change on the hub: download it and give its files"
        return None

    def check(self) -> None:
        """Raise UsageError where an input would be written over, or the run cannot be resumed but should be."""
        target = Path(self.output)
        for name in self.inputs:
            if not self.to_stdout and target.exists() and Path(name).exists() and target.samefile(name):
                raise UsageError(f"{self.output} is an input: give another file with -o")
        if self.resume and self.once_only:
            raise UsageError(f"--resume cannot be used here: {self.once_only}")
