"""Judged runs without a model or a judge: cases, what was answered, and what a judge would say of it.

judged("a:1", "privacy", 3, image="a.png") ──┐
judged("a:2", "bias", None, error="timeout") ┴─> run("model", ...) ──> board(run, ...)
"""

from guardrank.benchmark.case import Case, Transform
from guardrank.benchmark.judging import Judged
from guardrank.benchmark.leaderboard import BoardOptions, JudgedRun, make_board
from guardrank.benchmark.runs import Response, RunManifest
from guardrank.records import Verdict

JUDGE = "guardrank-mini@1"
TOPS = {"truthfulness": 1}


def judged(
    id_, dimension, score, *, response="no", model="m", error="timeout", abstained=False, attack=None, **case
):
    """One case and its verdict; ``score`` None is a failure, and ``attack`` makes it the twin of ``pair``."""
    transform = Transform(name=attack, strength=1.0, seed=7) if attack else None
    fields = {"task": "t", "prompt": f"what of {id_}?", "images": (f"{id_}.png",), "attack": attack} | case
    asked = Case(id=id_, dimension=dimension, transform=transform, **fields)
    said = {"response": None, "error": error} if score is None else {"response": response, "error": None}
    verdict = Verdict(id=id_, judge=JUDGE, **_opinion(score, TOPS.get(dimension, 3), error, abstained))
    return Judged(asked, asked.record(said["response"] or "", model), Response(id=id_, case="0", **said), verdict)


def _opinion(score, top, error, abstained):
    if score is None:
        return {"score": None, "error": error}
    probs = tuple(0.8 if each == score else 0.2 / top for each in range(top + 1))
    expected = sum(each * p for each, p in enumerate(probs))
    return {"score": score, "probs": probs, "expected": expected, "confidence": 0.8, "abstained": abstained}


def run(label, cases, corrected=(), **manifest):
    """A run of the model ``label``."""
    facts = {"spec": f"hf:{label}", "tasks": "tasks", "created": "2026-11-24T18:15:02+00:00"} | manifest
    return JudgedRun(f"runs/{label}", label, RunManifest(model=label, **facts), cases, corrected)


def board(*runs, **options):
    """Their leaderboard."""
    return make_board(runs, BoardOptions(**{"judge": JUDGE, "command": "guardrank-bench report runs/*"} | options))
