"""JudgeParcel: an exported judge as it travels to a worker, which may be a machine that has no such folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from guardrank.errors import JudgeError, UsageError
from guardrank.judge import HeadJudge, Manifest, load_judge
from guardrank.judge.manifest import MANIFEST_FILE, TOKENIZER_FILE
from guardrank.judge.variants import TORCH


@dataclass(frozen=True)
class JudgeParcel:
    """What makes the judge ``name`` again.

    Attributes:
        manifest: as the run wants it: ``--abstain-at`` gives a judge other bars than those in its files.
        files: name -> content; only those of the variant.
    """

    name: str
    variant: str
    manifest: Manifest
    files: Mapping[str, bytes]

    def open(self) -> HeadJudge:
        """The judge, scoring on one core; raises JudgeError where it is not the one that was sent."""
        with TemporaryDirectory(prefix="guardrank-") as folder:
            for name, content in self.files.items():
                (Path(folder) / name).write_bytes(content)
            judge = load_judge(folder, variant=self.variant, threads=1)
        if judge.name != self.name:
            raise JudgeError(
                f"{judge.name} came to a worker instead of {self.name}: install one guardrank everywhere"
            )
        judge.manifest = self.manifest
        return judge


def check_travel(judge: HeadJudge) -> None:
    """Raise UsageError for a judge that is no export: torch's last digits depend on what is scored together."""
    if judge.variant == TORCH:
        raise UsageError(f"--engine ray takes exported judges: export {judge.manifest.name} with guardrank-export")


def pack(judge: HeadJudge) -> JudgeParcel:
    """A judge that was loaded from a folder, for its journey; raises UsageError as ``check_travel`` does."""
    check_travel(judge)
    assert judge.folder is not None  # noqa: S101 (every loaded judge has one)
    names = (MANIFEST_FILE, TOKENIZER_FILE, *judge.manifest.weights[judge.variant])
    files = {name: (judge.folder / name).read_bytes() for name in names}
    return JudgeParcel(judge.name, judge.variant, judge.manifest, files)
