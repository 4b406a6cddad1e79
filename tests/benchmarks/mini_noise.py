"""Rows for a trial against label noise: annotated files without the train rows that a judge contradicts most.

    train rows ──judge of one epoch──> chance of the label's side of 0 ──lowest of each source left out──> files

    python tests/benchmarks/mini_noise.py JUDGE --drop 0.05 -o FOLDER ../shared/data/diasafety.jsonl.gz ...

A judge that went over a row once has hardly learnt it by heart, so what it contradicts strongly is either hard or
wrongly labelled. Only train rows of the judge's dimensions are looked at; dev and test rows are copied as they are.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import orjson

from guardrank.annotations import bounds, read_records
from guardrank.judge import HeadJudge, load_judge
from guardrank.records import Record, RejectLog


def contradicted(judge: HeadJudge, rows: Sequence[Record], share: float) -> set[str]:
    """The ids of the train rows that are left out: of each source, the share with the least chance of its label."""
    chances: dict[str, list[tuple[float, str]]] = defaultdict(list)
    asked = [row for row in rows if row.split == "train" and row.dimension in judge.dimensions]
    asked = [row for row in asked if _side(row) is not None]
    for row, verdict in zip(asked, judge.score(asked), strict=True):
        if verdict.probs is not None:
            harmless = verdict.probs[0]
            chances[row.source or ""].append((1 - harmless if _side(row) else harmless, row.id))
    return {row for own in chances.values() for _, row in sorted(own)[: int(share * len(own))]}


def _side(row: Record) -> bool | None:
    """Whether the label says that the score is above 0; None if it does not say."""
    if row.human is None:
        return None
    low, high = bounds(row.human)
    return None if low == 0 < high else low > 0


def _counted(rows: Sequence[Record], left_out: Collection[str]) -> str:
    train = [row for row in rows if row.split == "train"]
    unsafe = {row.id for row in train if _side(row)}
    gone = f"{len(left_out)} of {len(train)} train rows left out"
    return f"{gone}, {len(unsafe & set(left_out))} of the {len(unsafe)} unsafe ones"


def write_without(file: Path, out: Path, left_out: Iterable[str]) -> None:
    """Copy a file's lines to ``out`` but those of the ids."""
    ids = set(left_out)
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rb") as source:
        lines = source.readlines()
    kept = [line for line in lines if orjson.loads(line)["id"] not in ids]
    out.mkdir(parents=True, exist_ok=True)
    (out / file.name.removesuffix(".gz")).write_bytes(b"".join(kept))


def main(arguments: Sequence[str]) -> None:
    """Write the files of the command line without the rows that the judge contradicts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("judge", type=Path)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--drop", type=float, default=0.05)
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    judge = load_judge(asked.judge, device="cpu")
    for file in asked.files:
        rows = list(read_records(str(file), rejects=RejectLog(None)))
        left_out = contradicted(judge, rows, asked.drop)
        write_without(file, asked.out, left_out)
        print(f"{file.name}: {_counted(rows, left_out)}")


if __name__ == "__main__":
    main(sys.argv[1:])
