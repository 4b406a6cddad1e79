"""What passes between Ray's processes: pieces of a run, in order, as rows of Arrow tables.

    inputs ──one reading task──> {records: JSON} ──Scorer, a worker a core──> {verdicts: JSON}

One task reads, since it parses far faster than many cores score. So pieces come in the order of the inputs, and a
task that dies is simply run again: nothing in it depends on when or where.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
import ray
from pydantic import TypeAdapter
from ray.data import Datasource, ReadTask
from ray.data.block import BlockMetadata

from guardrank.annotations import read_records
from guardrank.judge import Panel
from guardrank.judge.protocol import windows
from guardrank.records import Record, RejectLog, Verdict
from guardrank.serve.request import ScoringRequest
from guardrank.serve.scaling.parcel import JudgeParcel

PIECE = 256
"""Records scored at a time: an export's verdicts do not depend on it."""

RECORDS = TypeAdapter(list[Record])
VERDICTS = TypeAdapter(list[Verdict])


@dataclass(frozen=True)
class PieceReader:
    """The records of a request from the ``skip``-th on; what is rejected or left out is for the driver to count."""

    request: ScoringRequest
    skip: int

    def __call__(self) -> Iterator[pa.Table]:
        """A table of one row a piece."""
        asked = self.request
        records = read_records(
            asked.inputs, dim=asked.dimension, mapping=asked.mapping, tasks=asked.tasks, rejects=RejectLog()
        )
        for piece in windows(islice(records, self.skip, None), PIECE):
            yield pa.table({"records": [RECORDS.dump_json(piece)]})


class Pieces(Datasource):
    """Ray Data's view of a PieceReader."""

    def __init__(self, reader: PieceReader) -> None:
        self._reader = reader

    def estimate_inmemory_data_size(self) -> int | None:
        """Nobody knows beforehand."""
        return None

    def get_read_tasks(self, *_: Any, **__: Any) -> list[ReadTask]:
        """One task, however many are wished for."""
        return [ReadTask(self._reader, BlockMetadata(None, None, None, None))]


class Scorer:
    """A worker: judges of its own, one core.

    Args:
        parcels: a reference to the judges, so that a machine fetches them once.
    """

    def __init__(self, parcels: Sequence[ray.ObjectRef[list[JudgeParcel]]]) -> None:
        opened = ray.get(parcels[0])
        self._panel = Panel([parcel.open() for parcel in opened])

    def __call__(self, pieces: pa.Table) -> pa.Table:
        """The verdicts of each piece."""
        judged = [list(self._panel.score(RECORDS.validate_json(piece.as_py()))) for piece in pieces["records"]]
        return pa.table({"verdicts": [VERDICTS.dump_json(verdicts) for verdicts in judged]})
