"""Which judges score: those named; or those in ./judges, and guardrank-mini for the dimensions that they lack.

Each is said, and so are doubts about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from guardrank.console import say, warn
from guardrank.dimensions import Dimension
from guardrank.errors import UsageError
from guardrank.judge import HeadJudge, load_judge
from guardrank.judge.loading import DEFAULT_JUDGE, packaged_judges
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
    """The judges that ``request`` names or that are at hand; says which they are, and warns of a constant one."""
    judges = [_open(Path(name), request) for name in request.judges or _judges_here()]
    if not request.judges and DEFAULT_JUDGE in packaged_judges() and _default_is_wanted(judges):
        # beside the user's own judges, options such as --variant are for those
        asked = replace(request, variant=None, device=None, base=None) if judges else request
        judges.append(_open(Path(DEFAULT_JUDGE), asked))
    if not judges:
        raise UsageError("no judge: name a judge folder with --judge, or train one with guardrank-train")
    return judges


def _open(name: Path, request: ScoringRequest) -> HeadJudge:
    judge = load_judge(
        name, variant=request.variant, device=request.device, base=request.base, threads=request.threads
    )
    say(f"Judge {judge.name} ({', '.join(sorted(judge.dimensions))}; {judge.variant}{_hint(request, judge)})")
    _warn_of_doubts(name, judge)
    return judge


def _default_is_wanted(judges: Sequence[HeadJudge]) -> bool:
    """Whether some dimension has no judge yet; one with labels of its own answers another question altogether."""
    judged = frozenset[Dimension]().union(*(judge.dimensions for judge in judges))
    return judged != frozenset(Dimension) and not any(judge.manifest.own_labels for judge in judges)


def _hint(request: ScoringRequest, judge: HeadJudge) -> str:
    wants_torch = request.variant or request.device not in (None, "cpu")
    return "" if wants_torch or judge.variant != TORCH else ": guardrank-export makes a faster one"


def _judges_here() -> list[str]:
    return sorted(str(file.parent) for file in JUDGES_FOLDER.glob(f"*/{MANIFEST_FILE}"))


def _warn_of_doubts(folder: Path, judge: HeadJudge) -> None:
    file = folder / "metrics.json"
    metrics = orjson.loads(file.read_bytes()) if file.is_file() else {}
    for key, text in _DOUBTS.items():
        if dimensions := metrics.get(key):
            warn(text.format(judge.name, ", ".join(dimensions)))
