"""GuardRank: a local judge that scores the safety of multimodal LLM responses.

    judge = guardrank.load_judge("judges/truthfulness")
    for verdict in judge.score(guardrank.read_records("responses.jsonl")):
        print(verdict.id, verdict.score, verdict.confidence)

Names are loaded on first use, so that importing the package stays cheap. Libraries below it report their use to
their makers unless told not to (ONNX Runtime does so on Linux too by now): here they are told.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guardrank.annotations import read_records
    from guardrank.dimensions import Dimension
    from guardrank.judge import load_judge
    from guardrank.records import Record, RejectLog, Verdict

__version__ = "0.1.0"

for _opt_out in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ.setdefault(_opt_out, "1")  # ONNX Runtime looks once, while it is imported

_HOMES = {
    "Dimension": "guardrank.dimensions",
    "Record": "guardrank.records",
    "RejectLog": "guardrank.records",
    "Verdict": "guardrank.records",
    "load_judge": "guardrank.judge",
    "read_records": "guardrank.annotations",
}

__all__ = ["Dimension", "Record", "RejectLog", "Verdict", "__version__", "load_judge", "read_records"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'guardrank' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
