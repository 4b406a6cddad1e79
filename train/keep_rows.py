"""Rows that stay when training is over: ``guardrank-export`` calibrates with them and compares on them."""

from __future__ import annotations

from pathlib import Path

from guardrank.judge.kept_rows import kept_rows_file, write_kept_rows
from guardrank.judge.row_samples import sample_by_dimension, sample_clusters
from guardrank.train.run import Job
from guardrank.train.splits import Split


def keep_rows(job: Job, split: Split, out: Path) -> Path:
    """Write the rows of the judge ``out`` beside it, in the place of an earlier training's; return the file."""
    draft, file = job.work / "rows.jsonl", kept_rows_file(out)
    write_kept_rows(
        draft,
        calibration=sample_by_dimension(split.train, seed=job.seed),
        gate=sample_clusters(split.dev, seed=job.seed),
    )
    return draft.replace(file)
