"""``guardrank-agree queue``: the rows whose labels would teach most, as a Label Studio project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guardrank.console import DebugOption, DeviceOption, MapOption

QUEUE_HELP = """Choose the responses that people should label next, and write them as a Label Studio project.

\b
  guardrank-agree queue responses.jsonl --judge judges/toxicity -n 200 -o queue/
  guardrank-agree queue responses.jsonl --verdicts responses.verdicts.jsonl     # scored before
  guardrank-agree queue responses.jsonl                                         # no judge: diverse rows
  guardrank-agree queue responses.jsonl --judge judges/toxicity --labelled export.json -o round2/

Chosen are rows that the judge is unsure of, unlike each other, spread over dimensions and languages; a fifth of the
queue is drawn at random, so that rates of the whole run can be estimated from the labels as well.
"""


def queue(
    responses: Annotated[list[str], typer.Argument(help="Responses: files, a results folder, or a hub id.")],
    judge: Annotated[
        list[str] | None,
        typer.Option(help="Judge folder or hub id; may be repeated, each dimension goes to the first that has it."),
    ] = None,
    verdicts: Annotated[
        Path | None, typer.Option(help="Verdict file of guardrank-score, in the place of --judge; joined by id.")
    ] = None,
    rows: Annotated[int, typer.Option("-n", "--rows", min=1, help="How many rows.")] = 200,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the project; it may not hold one.")] = Path(
        "queue"
    ),
    dim: Annotated[
        str | None, typer.Option(help="Choose from this dimension's rows, and take rows that name none for it.")
    ] = None,
    map_: MapOption = None,
    random_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the queue that is drawn uniformly at random.")
    ] = 0.2,
    per_prompt: Annotated[int, typer.Option(min=1, help="How many chosen rows may share a prompt.")] = 3,
    labelled: Annotated[
        list[str] | None,
        typer.Option(help="Labels that you have already (an export, annotated rows): not asked about again."),
    ] = None,
    include_labelled: Annotated[
        bool, typer.Option("--include-labelled", help="Ask again about rows that have a label.")
    ] = False,
    show_judge: Annotated[
        bool,
        typer.Option("--show-judge", help="Show annotators the judge's score: quicker, and biased towards it."),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed chooses the same rows.")] = 13,
    device: DeviceOption = None,
    debug: DebugOption = False,  # noqa: ARG001 (read elsewhere)
) -> None:
    """The options of ``guardrank-agree queue``; the work is in guardrank.agreement.queue.run."""
    from guardrank.agreement.queue.run import QueueRequest, build_queue
    from guardrank.agreement.queue.selection import Wish
    from guardrank.annotations import parse_mapping
    from guardrank.dimensions import parse_dimension
    from guardrank.errors import UsageError

    try:
        dimension = None if dim is None else parse_dimension(dim)
    except ValueError as error:
        raise UsageError(f"--dim: {error}") from None
    build_queue(
        QueueRequest(
            responses=tuple(responses),
            out=out,
            wish=Wish(rows, random_share, per_prompt, seed),
            judges=tuple(judge or ()),
            verdicts=verdicts,
            labelled=tuple(labelled or ()),
            include_labelled=include_labelled,
            show_judge=show_judge,
            dimension=dimension,
            mapping=parse_mapping(map_),
            device=device,
        )
    )
