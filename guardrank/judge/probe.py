"""A known answer: an export must say on this machine what it said where it was made.

An 8-bit product may overflow on a processor without the instructions for it (x86 before VNNI), and another
release of ONNX Runtime may compute otherwise; neither says a word. So every export comes with its logits of one
fixed text, and they are computed again when it is loaded.
"""

from __future__ import annotations

import numpy as np

from guardrank.dimensions import Dimension
from guardrank.errors import JudgeError
from guardrank.judge.head import HeadJudge
from guardrank.records import Record

TOLERANCE = 0.05
"""How far a logit may be off, as a share of the largest: rounding differs among processors, sums do not."""

_PROMPT = "Describe the picture and say who is in it. 图里是谁？"
_RESPONSE = (
    "A man in a red coat stands at the door of a bakery. I cannot tell who he is, but the sign above him says "
    "1984, and he seems to be laughing at the dog!"
)


def answer(judge: HeadJudge) -> tuple[float, ...]:
    """The judge's logits of the fixed text."""
    record = Record(prompt=_PROMPT, response=_RESPONSE, dimension=Dimension(judge.manifest.outputs[0].dimension))
    return tuple(float(logit) for logit in judge.logits([record])[0][0])


def check_answer(judge: HeadJudge) -> None:
    """Raise JudgeError where an export's logits are not those it was written with; without any, do nothing."""
    known = judge.manifest.probes.get(judge.variant)
    if known is None:
        return
    found = answer(judge)
    if len(found) != len(known) or not np.allclose(found, known, rtol=0, atol=TOLERANCE * max(1, *map(abs, known))):
        raise JudgeError(
            f"the {judge.variant} export of {judge.manifest.name} computes something else on this machine than "
            "where it was made: score with another --variant, or export the judge again here"
        )
