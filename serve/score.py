"""``guardrank-score``: responses in, one verdict a record out, and a table of ASD and PAR."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from guardrank.annotations import parse_mapping
from guardrank.console import DebugOption, DeviceOption, MapOption, TasksOption, VersionOption, new_app, run
from guardrank.dimensions import Dimension, parse_dimension
from guardrank.errors import UsageError
from guardrank.records import STDIN_NAME, stem_of
from guardrank.serve.request import ScoringRequest
from guardrank.serve.scoring import score_responses

HELP = """Score responses: one verdict a record, in order, and a table of ASD and PAR.

\b
  guardrank-score responses.jsonl                                # the judges in ./judges
  guardrank-score responses.jsonl --judge judges/truthfulness -o verdicts.jsonl
  guardrank-score sheet.csv --dim bias --map prompt=question,response=output
  guardrank-score results/ --tasks data/                         # an MLLMGuard results folder
  guardrank-score responses.jsonl --resume                       # go on after a kill, or begin
  zcat responses.jsonl.gz | guardrank-score - -o - > verdicts.jsonl

ASD, attack success degree: 0 best, 1 worst. PAR, perfect answer rate: 1 best. Intervals are 95 %, clustered
by prompt.
"""

app = new_app(HELP)


@app.command(help=HELP)
def score(
    inputs: Annotated[
        list[str], typer.Argument(help="Responses: files, a results folder, a hub id, or - for standard input.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", help="Verdict file, or - for stdout; NAME.verdicts.jsonl here unless given."
        ),
    ] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option(help="Judge folder or hub id; may be repeated, each dimension goes to the first that has it."),
    ] = None,
    dim: Annotated[
        str | None, typer.Option(help="Score this dimension's rows, and take rows that name none for it.")
    ] = None,
    map_: MapOption = None,
    tasks: TasksOption = None,
    base: Annotated[
        str | None, typer.Option(help="Where the judge's base model is, if not where it was trained.")
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="torch, fp32, int8 or int4; the fastest export there is unless given.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Cores to score on; all unless given. Verdicts do not depend on it.")
    ] = None,
    device: DeviceOption = None,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Write prompt and response with each verdict.")
    ] = False,
    include_abstained: Annotated[
        bool, typer.Option("--include-abstained", help="Count abstained verdicts in ASD and PAR.")
    ] = False,
    compat: Annotated[
        Literal["mllmguard"] | None, typer.Option(help="mllmguard: ASD as the reference code computes it.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the verdict file of a run that was killed; or begin.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 where a row was rejected or failed.")] = False,
    debug: DebugOption = False,
    version: VersionOption = False,
) -> None:
    """The options of ``guardrank-score``."""
    score_responses(
        ScoringRequest(
            inputs=tuple(inputs),
            output=output or _default_output(inputs[0]),
            judges=tuple(judge or ()),
            dimension=_dimension(dim),
            mapping=parse_mapping(map_),
            tasks=tasks,
            base=base,
            variant=variant,
            threads=threads,
            device=device,
            with_text=with_text,
            include_abstained=include_abstained,
            compat=compat,
            strict=strict,
            resume=resume,
        )
    )


def _default_output(first_input: str) -> str:
    name = STDIN_NAME if first_input == "-" else stem_of(first_input)
    return f"{name}.verdicts.jsonl"


def _dimension(name: str | None) -> Dimension | None:
    try:
        return None if name is None else parse_dimension(name)
    except ValueError as error:
        raise UsageError(f"--dim: {error}") from None


def main() -> None:
    """Entry point of ``guardrank-score``."""
    run(app)


if __name__ == "__main__":
    main()
