"""``guardrank-bench import``: a run of what another harness has produced.

SOURCE ──read_results──> ImportedRun... ──write_imported──> OUT/MODEL, as if guardrank-bench had run it
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guardrank.console import DebugOption, TasksOption

IMPORT_HELP = """Runs of what another harness has produced, one a model, ready for report.

\b
  guardrank-bench import results/ --tasks data/ -o runs/            # MLLMGuard's own DIMENSION_MODEL.jsonl
  guardrank-bench import outputs/llava_v1.5_7b -o runs/             # VLMEvalKit's MODEL_MLLMGuard_DS.xlsx
  guardrank-bench import logs/llava/ -o runs/                       # lmms-eval's logged samples
  guardrank-bench report runs/ -o report/

Which of the three it is, is seen from what lies there. Failed inferences become failed cases, never responses.
"""


def import_(
    source: Annotated[Path, typer.Argument(help="Folder or file of the other harness.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder that gets a run for each model.")],
    tasks: TasksOption = None,
    images: Annotated[Path | None, typer.Option(help="Folder of the images, for the page.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Drop imported runs that are there.")] = False,
    debug: DebugOption = False,  # noqa: ARG001 (read elsewhere)
) -> None:
    """The options of ``guardrank-bench import``."""
    from guardrank.benchmark.importing import import_results

    import_results(source, output, tasks=tasks, images=images, fresh=fresh)
