"""ScoringRequest: what the user of ``guardrank-score`` asked for, and whether such a run can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from guardrank.annotations.objects import is_uri
from guardrank.dimensions import Dimension
from guardrank.errors import UsageError
from guardrank.llm_judge.options import ChatOptions
from guardrank.records import stem_of


@dataclass(frozen=True)
class ScoringRequest:
    """What the user asked for.

    Attributes:
        output: a file or ``-``.
        engine: ``ray`` has ``workers`` score, as many as there are cores unless given.
        abstain_at: the error rate that the verdicts kept are to promise, in [0, 1].
        abstained: the file for the rows whose verdicts abstain; see ``abstained_file``.
        escalate: the chat model that takes over those rows, ``openai:MODEL``, asked as ``chat`` says.
    """

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
    engine: Literal["local", "ray"] = "local"
    workers: int | None = None
    with_text: bool = False
    include_abstained: bool = False
    compat: Literal["mllmguard"] | None = None
    strict: bool = False
    resume: bool = False
    abstain_at: float | None = None
    abstained: Path | None = None
    escalate: str | None = None
    chat: ChatOptions = field(default_factory=ChatOptions)

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
    def abstained_file(self) -> Path | None:
        """Where the abstained rows go: unless ``abstained`` says so, NAME.abstained.jsonl beside the verdicts.

        None where nobody asked to have them: neither ``abstained``, nor ``abstain_at`` or ``escalate`` with a
        verdict file.
        """
        if self.abstained or (self.abstain_at is None and self.escalate is None):
            return self.abstained
        if self.to_stdout or self.to_device:
            return None
        output = Path(self.output)
        return output.with_name(f"{stem_of(output.name).removesuffix('.verdicts')}.abstained.jsonl")

    @property
    def once_only(self) -> str | None:
        """Why this run cannot be resumed; None if it can: from files that stay, to a file that stays."""
        if self.to_stdout:
            return "what went to standard output is gone: give a file with -o"
        if self.to_device:
            return f"what went to {self.output} is gone: give a regular file with -o"
        if "-" in self.inputs:
            return "standard input cannot be read again: put the responses into a file"
        if absent := [name for name in self.inputs if not (is_uri(name) or Path(name).exists())]:
            return f"{absent[0]} may change on the hub: download it and give its files"
        return None

    def check(self) -> None:
        """Raise UsageError where an input would be written over, or an option cannot do what it is for."""
        if not self.to_stdout and self._is_input(Path(self.output)):
            raise UsageError(f"{self.output} is an input: give another file with -o")
        listed = self.abstained_file
        if listed and (self._is_input(listed) or listed.resolve() == Path(self.output).resolve()):
            raise UsageError(f"{listed} is an input or the verdict file: give another file with --abstained")
        if self.resume and self.once_only:
            raise UsageError(f"--resume cannot be used here: {self.once_only}")
        if self.escalate and (self.to_stdout or self.to_device):
            raise UsageError("--escalate changes verdicts that were written: give a regular file with -o")
        if self.engine == "ray" and "-" in self.inputs:
            raise UsageError("--engine ray cannot read standard input: put the responses into a file")
        if self.workers and self.engine == "local":
            raise UsageError(
                "--workers goes with --engine ray; --threads says on how many cores this process scores"
            )
        if self.chat.max_cost is not None and not self.escalate:
            raise UsageError("--max-cost limits what --escalate spends: name a chat model there, or leave it out")

    def _is_input(self, target: Path) -> bool:
        return target.exists() and any(Path(name).exists() and target.samefile(name) for name in self.inputs)
