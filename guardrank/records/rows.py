"""Raw rows: what every importer yields before a row becomes a Record, and the log of those that do not.

importer -> RawRow(file, line, fields) -> Record
            RawRow(file, line, problem) -> NAME.rejects.jsonl, counted
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STDIN_NAME = "stdin"


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in ``file`` (display name) at ``line`` (from 1): its fields, or its problem."""

    file: str
    line: int
    fields: Mapping[str, Any] | None = None
    problem: str | None = None


class RejectLog:
    """Counts rejected rows by reason and writes them to ``folder/NAME.rejects.jsonl``, NAME as the input's.

    Args:
        folder: where the files go; None only counts.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.reasons: Counter[str] = Counter()
        self.left_out = 0
        """Rows that are fine but were not asked for (``--dim``)."""
        self.files: list[Path] = []

    @property
    def count(self) -> int:
        """How many rows were rejected so far."""
        return self.reasons.total()

    def add(self, file: str, line: int, reason: str) -> None:
        """Count one rejected row and write it down."""
        self.reasons[reason.partition(":")[0]] += 1
        if self.folder is None:
            return
        path = self.folder / f"{stem_of(file)}.rejects.jsonl"
        mode = "a" if path in self.files else "w"
        if mode == "w":
            self.files.append(path)
        with path.open(mode, encoding="utf-8") as out:
            out.write(json.dumps({"file": file, "line": line, "reason": reason}, ensure_ascii=False) + "\n")

    def summary(self) -> str:
        """``12 rows rejected (7 not JSON, 5 no response), see responses.rejects.jsonl``."""
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.reasons.most_common())
        where = f", see {', '.join(str(path) for path in self.files)}" if self.files else ""
        return f"{self.count:,} row{'s' * (self.count != 1)} rejected ({reasons}){where}"


_DATA_SUFFIX = re.compile(r"(\.(jsonl|json|ndjson|csv|tsv|xlsx|parquet))?(\.gz)?$", re.IGNORECASE)


def stem_of(file: str) -> str:
    """``a/responses.jsonl.gz`` -> ``responses``: the NAME in NAME.verdicts.jsonl and NAME.rejects.jsonl."""
    return _DATA_SUFFIX.sub("", Path(file).name) or STDIN_NAME
