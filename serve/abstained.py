"""NAME.abstained.jsonl: the records on which a run's judge abstained, for people or for a better judge.

    (record, verdict) ──abstained?──> draft ──the run is through──> NAME.abstained.jsonl

The records are whole, so that they can be scored, queued for annotators or read as they are. The list is never
resumed but made again from the verdicts that a run goes on with: so it always fits the verdict file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from guardrank.annotations import final_fields
from guardrank.records import Record, dump_line
from guardrank.serve.resume import Judged


@dataclass
class AbstainedList:
    """Takes the rows of a run and writes those whose verdict abstains; without a stream it only counts them."""

    stream: BinaryIO | None = None
    rows: int = 0

    def add(self, window: Sequence[Judged]) -> None:
        """Write down the rows of a window whose verdict abstains."""
        for record, verdict in window:
            if verdict.abstained:
                self.rows += 1
                if self.stream:
                    self.stream.write(dump_line(final_fields(record)))


@contextmanager
def list_abstained(path: Path | None, *, anew: bool = False) -> Iterator[AbstainedList]:
    """The list that will be at ``path`` once the block is through, and not before; None writes none.

    Args:
        anew: a list of an earlier run goes at once, as its verdicts have gone.
    """
    if path is None:
        yield AbstainedList()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if anew:
        path.unlink(missing_ok=True)
    draft = path.with_name(f"{path.name}.tmp")
    try:
        with draft.open("wb") as stream:
            yield AbstainedList(stream)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@dataclass(frozen=True)
class ListedRows:
    """The records of a list that this run wrote, read one at a time as often as they are asked for."""

    path: Path
    rows: int

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[Record]:
        with self.path.open("rb") as stream:
            for line in stream:
                yield Record.model_validate(orjson.loads(line))
