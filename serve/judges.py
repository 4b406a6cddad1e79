"""Which judges score: those named, or those found in ./judges; each is said, and so are doubts about it."""

from __future__ import annotations

from pathlib import Path

import orjson

from guardrank.console import say, warn
from guardrank.errors import UsageError
from guardrank.judge import HeadJudge, load_judge
from guardrank.judge.manifest import MANIFEST_FILE
from guardrank.judge.variants import TORCH
from guardrank.serve.request import ScoringRequest

JUDGES_FOLDER = Path("judges")
"""Where ``guardrank-train`` puts judges, and where they are looked for when none is named."""

_DOUBTS = {
    "constant": "Judge {} says the same of every response in {}: train it again",
    "chance": "Judge {} could not be told from chance on its dev rows in {}: do not rely on it",
}


def open_judges(request: ScoringRequest) -> list[HeadJudge]:
    """The judges that ``request`` names, or those in ./judges; says which they are, and warns of a constant one."""
    judges = []
    for name in request.judges or _judges_here():
        judge = load_judge(
            name, variant=request.variant, device=request.device, base=request.base, threads=request.threads
        )
        say(f"Judge {judge.name} ({', '.join(sorted(judge.dimensions))}; {judge.variant}{_hint(request, judge)})")
        _warn_of_doubts(Path(name), judge)
        judges.append(judge)
    return judges


def _hint(request: ScoringRequest, judge: HeadJudge) -> str:
    wants_torch = request.variant or request.device not in (None, "cpu")
    return "" if wants_torch or judge.variant != TORCH else ": guardrank-export makes a faster one"


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
