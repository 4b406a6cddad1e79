"""What ``guardrank-bench import`` does: imported rows -> run folders that look like any other.

ImportedRun ──> OUT/MODEL/manifest.json, cases.jsonl, responses.jsonl
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from guardrank.benchmark.imports import read_results
from guardrank.benchmark.imports.base import Imported, ImportedRun
from guardrank.benchmark.runs import Response, ResponseLog, RunFolder, RunManifest
from guardrank.console import say, warn
from guardrank.errors import UsageError
from guardrank.versions import library_versions

SHOWN_PROBLEMS = 5


def import_results(
    source: Path, output: Path, *, tasks: Path | None = None, images: Path | None = None, fresh: bool = False
) -> list[RunFolder]:
    """A run in ``output`` for each model whose results are in ``source``.

    Raises:
        UsageError: nothing that is known lies there, it has no row, or another run is in the way.
    """
    found = [run for run in read_results(source, tasks=tasks) if _tell(run)]
    if not found:
        raise UsageError(f"{source} holds no response that can be read")
    return [_write(run, source, output, images, fresh=fresh) for run in found]


def _tell(run: ImportedRun) -> bool:
    failed = sum(row.response is None for row in run.rows)
    say(f"{run.model} ({run.harness}): {len(run.rows):,} cases, {failed:,} without a response")
    for problem in run.problems[:SHOWN_PROBLEMS]:
        warn(f"{problem.place}: {problem.text}")
    if len(run.problems) > SHOWN_PROBLEMS:
        warn(f"... and {len(run.problems) - SHOWN_PROBLEMS:,} more rows that cannot be read")
    return bool(run.rows)


def _write(run: ImportedRun, source: Path, output: Path, images: Path | None, *, fresh: bool) -> RunFolder:
    folder = RunFolder(output / folder_name(run.model))
    manifest = RunManifest(
        model=run.model,
        spec=run.harness,
        tasks=str(source),
        images=str(images.resolve()) if images else None,
        versions=library_versions(("guardrank",)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    folder.begin(manifest, [row.case for row in run.rows], fresh=fresh)
    there = folder.responses()
    with ResponseLog(folder.responses_file) as log:
        log.add(response for row in run.rows if (response := _response(row)) != there.get(row.case.id))
    return folder


def _response(row: Imported) -> Response:
    return Response(id=row.case.id, case=row.case.sha256[:16], response=row.response, error=row.error)


def folder_name(model: str) -> str:
    """A model's name as that of a folder, whatever it holds: never a path, never hidden."""
    return re.sub(r"[^\w.+-]+", "-", model).strip(".-")[:100] or "model"
