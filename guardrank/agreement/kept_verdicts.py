"""study/verdicts/NAME.jsonl: a judge's verdicts, so that the next study of the same rows does not score again.

    NAME.jsonl             the verdicts in order; good for --judge file: too
    NAME.calls.jsonl       of a chat model: snapshot, tokens, dollars of each verdict
    NAME.jsonl.run.json    which judge (by its hash) said this of which rows (by the hash of what it saw)

Verdicts are written a window at a time, so that a killed study goes on where it was, in the same windows.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from guardrank.judge import Judge
from guardrank.judge.protocol import WINDOW, windows
from guardrank.records import Record, Verdict, dump_line, verdict_line


def beside(folder: Path, name: str, suffix: str = ".jsonl") -> Path:
    """The file in the study's folder for the judge called ``name``, whatever letters it is made of."""
    plain = re.sub(r"[^\w-]+", "_", name)[:80]
    mark = "" if plain == name else f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return folder / "verdicts" / f"{plain}{mark}{suffix}"


def score_or_read(
    judge: Judge, records: Sequence[Record], path: Path, *, window: int = WINDOW
) -> Iterator[Verdict]:
    """The verdicts on ``records`` in order: those in ``path`` first, where they are this judge's on these rows.

    Args:
        window: rows that are scored and written together, and what a kill costs at most.
    """
    run = dump_line({"judge": judge.name, "rows": hash_rows(records)})
    kept = _kept(path, run, records)
    if len(kept) < len(records):
        kept = kept[: len(kept) // window * window]
    yield from kept
    if len(kept) < len(records):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            _run_file(path).write_bytes(run)
            stream.writelines(map(_line, records, kept))
            for rows in windows(records[len(kept) :], window):
                verdicts = list(judge.score(rows))
                stream.writelines(map(_line, rows, verdicts))
                stream.flush()
                yield from verdicts


def hash_rows(records: Sequence[Record]) -> str:
    """SHA-256 over what a judge may see of the rows: texts and task, never the labels."""
    digest = hashlib.sha256()
    for record in records:
        seen = record.model_dump(
            mode="json",
            include={"id", "prompt", "response", "reference", "dimension", "subtask", "image", "options", "answer"},
        )
        digest.update(dump_line(seen | {"pair": record.pair, "role": record.role}))
    return digest.hexdigest()


def _run_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.run.json")


def _line(record: Record, verdict: Verdict) -> bytes:
    return dump_line(verdict_line(record, verdict))


def _kept(path: Path, run: bytes, records: Sequence[Record]) -> list[Verdict]:
    """What ``path`` holds of this run, up to the first line that is not whole."""
    kept: list[Verdict] = []
    if not (path.is_file() and _run_file(path).is_file() and _run_file(path).read_bytes() == run):
        return kept
    with path.open("rb") as stream:
        for line, record in zip(stream, records, strict=False):
            verdict = _verdict_in(line)
            if verdict is None or verdict.id != record.id:
                break
            kept.append(verdict)
    return kept


def _verdict_in(line: bytes) -> Verdict | None:
    try:
        return Verdict.model_validate_json(line)
    except ValidationError:
        return None
