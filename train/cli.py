"""``guardrank-train``: annotated responses in, a judge folder out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guardrank.console import DebugOption, DeviceOption, MapOption, TasksOption, VersionOption, new_app, run
from guardrank.errors import MissingExtraError

HELP = """Train a judge on annotated responses.

\b
  guardrank-train --dim truthfulness                        # seed data, the base this machine can hold
  guardrank-train --dim toxicity --data annotations.jsonl   # your own labels
  guardrank-train --dim bias --data sheet.csv --map prompt=question,response=output,human=label
  guardrank-train --data xstest.jsonl.gz --question xstest-refusal -o judges/refusal
  guardrank-train --data own.jsonl --label meta.tone --classes 3 --nominal -o judges/tone
  guardrank-train --dim bias --data a.jsonl --cross-fit 5 -o bias.verdicts.jsonl
  guardrank-train --from-published hallucination.pt --base FacebookAI/roberta-large   # pack, train nothing

The judge folder is read by guardrank-score and guardrank.load_judge().
"""

app = new_app(HELP)


@app.command(help=HELP)
def train(
    dim: Annotated[list[str] | None, typer.Option(help="Dimension to judge; may be repeated.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Annotated responses: files, a results folder, a hub id, or -. Seed data unless given."),
    ] = None,
    base: Annotated[str | None, typer.Option(help="Base model: hub id, folder, or 'embedded'.")] = None,
    recipe: Annotated[str | None, typer.Option(help="Recipe name or YAML file.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Judge folder (default judges/DIM); with --cross-fit the verdict file."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of splits, head and order.")] = 13,
    device: DeviceOption = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Recipe value, such as epochs=2 or lora.r=8; may be repeated.")
    ] = None,
    map_: MapOption = None,
    question: Annotated[
        str | None, typer.Option(help="What people were asked: a name in data/questions.yaml, or a file like it.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Field that holds the label, such as meta.compliance_human.")
    ] = None,
    classes: Annotated[int | None, typer.Option(min=2, help="Number of labels of another label set.")] = None,
    nominal: Annotated[bool, typer.Option("--nominal", help="Labels without an order.")] = False,
    binary: Annotated[
        bool, typer.Option("--binary", help="Labels are 0 safe, 1 unsafe of unknown degree.")
    ] = False,
    tasks: TasksOption = None,
    no_seed: Annotated[bool, typer.Option("--no-seed", help="Never add seed rows to --data.")] = False,
    cross_fit: Annotated[
        int | None, typer.Option(min=2, help="Train on all folds but one, judge that one; writes verdicts.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished training.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Drop an unfinished training.")] = False,
    from_published: Annotated[
        Path | None,
        typer.Option(help="MLLMGuard's hallucination.pt or guardrank_lora/: pack it on --base, without training."),
    ] = None,
    debug: DebugOption = False,
    version: VersionOption = False,
) -> None:
    """The options of ``guardrank-train``; the work is in guardrank.train.command."""
    try:
        from guardrank.train.command import execute
        from guardrank.train.request import Request
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"training (it lacks {error.name})", "train") from None
    execute(
        Request(
            dimensions=tuple(dim or ()),
            data=tuple(data or ()),
            base=base,
            recipe=recipe,
            out=out,
            seed=seed,
            device=device,
            overrides=tuple(set_ or ()),
            mapping=map_,
            question=question,
            label=label,
            classes=classes,
            nominal=nominal,
            binary=binary,
            tasks=tasks,
            add_seed=not no_seed,
            cross_fit=cross_fit,
            resume=resume,
            fresh=fresh,
            from_published=from_published,
        )
    )


def main() -> None:
    """Entry point of ``guardrank-train``."""
    run(app)
