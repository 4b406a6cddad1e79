"""The Judge protocol, judge folders, ``load_judge``."""

from guardrank.judge.head import HeadJudge
from guardrank.judge.keyword import KeywordJudge
from guardrank.judge.loading import load_judge
from guardrank.judge.manifest import Calibration, Manifest, Output, Transformer, read_manifest, write_manifest
from guardrank.judge.pair_rule import PairRule
from guardrank.judge.panel import Panel
from guardrank.judge.protocol import Judge
from guardrank.judge.recorded import RecordedColumn, RecordedVerdicts

__all__ = [
    "Calibration",
    "HeadJudge",
    "Judge",
    "KeywordJudge",
    "Manifest",
    "Output",
    "PairRule",
    "Panel",
    "RecordedColumn",
    "RecordedVerdicts",
    "Transformer",
    "load_judge",
    "read_manifest",
    "write_manifest",
]
