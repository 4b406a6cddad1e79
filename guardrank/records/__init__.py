"""Record, Verdict, reading and writing JSON Lines, rejected rows."""

from guardrank.records.jsonl import MAX_LINE_BYTES, dump_line, open_bytes, read_jsonl
from guardrank.records.record import Record, Role, look_up
from guardrank.records.rows import STDIN_NAME, RawRow, RejectLog, stem_of
from guardrank.records.verdict import (
    SCORED_IN_PAIR,
    UNREADABLE_ANSWER,
    UNSUPPORTED_DIMENSION,
    LocalOpinion,
    Verdict,
    failed,
    verdict_line,
)

__all__ = [
    "MAX_LINE_BYTES",
    "SCORED_IN_PAIR",
    "STDIN_NAME",
    "UNREADABLE_ANSWER",
    "UNSUPPORTED_DIMENSION",
    "LocalOpinion",
    "RawRow",
    "Record",
    "RejectLog",
    "Role",
    "Verdict",
    "dump_line",
    "failed",
    "look_up",
    "open_bytes",
    "read_jsonl",
    "stem_of",
    "verdict_line",
]
