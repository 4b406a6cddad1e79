"""Which judges score: those named, or those found in ./judges; each is said, and so are doubts about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from guardrank.console import say, warn
from guardrank.errors import UsageError
from guardrank.judge import HeadJudge, load_judge
from guardrank.judge.manifest import MANIFEST_FILE

JUDGES_FOLDER = Path("judges")
"""Where ``guardrank-train`` puts judges, and where they are looked for when none is named."""

_DOUBTS = {
    "constant": "Judge {} says the same of every response in {}: train it again",
    "chance": "Judge {} could not be told from chance on its dev rows in {}: do not rely on it",
}


def open_judges(names: Sequence[str], *, device: str | None = None, base: str | None = None) -> list[HeadJudge]:
    """The named judges, or those in ./judges; says which they are, and warns of a constant one."""
    judges = []
    for name in names or _judges_here():
        judge = load_judge(name, device=device, base=base)
        say(f"Judge {judge.name} ({', '.join(sorted(judge.dimensions))})")
        _warn_of_doubts(Path(name), judge)
        judges.append(judge)
    return judges


def _judges_here() -> list[str]:
    folders = sorted(str(file.parent) for file in JUDGES_FOLDER.glob(f"*/{MANIFEST_FILE}"))
    if not folders:
        raise UsageError("no judge: name a judge folder with --judge, or train one with guardrank-train")
    return folders


def _warn_of_doubts(folder: Path, judge: HeadJudge) -> None:
    file = folder / "metrics.json"
    metrics = orjson.loads(file.read_bytes()) if file.is_file() else {}
    for key, text in _DOUBTS.items():
        if dimensions := metrics.get(key):
            warn(text.format(judge.name, ", ".join(dimensions)))
