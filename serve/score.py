"""``guardrank-score``: responses in, one verdict a record out, and a table of ASD and PAR."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from guardrank.annotations import parse_mapping
from guardrank.annotations.objects import is_uri, without_keys
from guardrank.console import DebugOption, DeviceOption, MapOption, TasksOption, VersionOption, new_app, run
from guardrank.dimensions import Dimension, parse_dimension
from guardrank.errors import UsageError
from guardrank.llm_judge.options import ChatOptions
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
  guardrank-score responses.jsonl --abstain-at 0.1               # at most 1 in 10 wrong; the rest is listed
  guardrank-score responses.jsonl --abstain-at 0.1 --escalate openai:gpt-4o --max-cost 5
  guardrank-score s3://bucket/responses/ --engine ray            # workers; RAY_ADDRESS names a cluster
  zcat responses.jsonl.gz | guardrank-score - -o - > verdicts.jsonl

ASD, attack success degree: 0 best, 1 worst. PAR, perfect answer rate: 1 best. Intervals are 95 %, clustered
by prompt.

--abstain-at promises an error rate, proven on the judge's dev rows with 90 % confidence: it abstains on what it is
not sure enough of. Those rows are listed in NAME.abstained.jsonl, for people or for --escalate, which tells its
cost before it sends anything.
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
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="ray: workers on this machine, or the cluster at RAY_ADDRESS.")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Workers of --engine ray, a core each; all cores unless given.")
    ] = None,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Write prompt and response with each verdict.")
    ] = False,
    include_abstained: Annotated[
        bool, typer.Option("--include-abstained", help="Count abstained verdicts in ASD and PAR.")
    ] = False,
    compat: Annotated[
        Literal["mllmguard"] | None, typer.Option(help="mllmguard: ASD as the reference code computes it.")
    ] = None,
    abstain_at: Annotated[
        float | None, typer.Option(min=0, max=1, help="Abstain, so that at most this share of the rest is wrong.")
    ] = None,
    abstained: Annotated[
        Path | None,
        typer.Option(help="List of the abstained rows; NAME.abstained.jsonl with --abstain-at or --escalate."),
    ] = None,
    escalate: Annotated[
        str | None,
        typer.Option(help="openai:MODEL scores the abstained rows; its key stands in OPENAI_API_KEY."),
    ] = None,
    max_cost: Annotated[float | None, typer.Option(min=0, help="Dollars that --escalate may cost.")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Endpoint of the --escalate model; OpenAI's unless given.")
    ] = None,
    few_shot: Annotated[bool, typer.Option("--few-shot", help="Show the --escalate model examples first.")] = False,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the records' images, shown to the --escalate model.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Requests to it at once.")] = 8,
    key_env: Annotated[
        str | None,
        typer.Option(help="Environment variable with its key; OPENAI_API_KEY unless given."),
    ] = None,
    prices: Annotated[Path | None, typer.Option(help="Its prices in the form of data/prices.yaml.")] = None,
    ask_again: Annotated[
        bool, typer.Option("--ask-again", help="Ask it anew where a cached answer had no score.")
    ] = False,
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
            engine=engine,
            workers=workers,
            with_text=with_text,
            include_abstained=include_abstained,
            compat=compat,
            strict=strict,
            resume=resume,
            abstain_at=abstain_at,
            abstained=abstained,
            escalate=escalate,
            chat=ChatOptions(
                base_url=base_url,
                max_cost=max_cost,
                few_shot=few_shot,
                images=images,
                concurrency=concurrency,
                key_env=key_env,
                prices=prices,
                ask_again=ask_again,
            ),
        )
    )


def _default_output(first_input: str) -> str:
    name = without_keys(first_input) if is_uri(first_input) else first_input
    return f"{STDIN_NAME if name == '-' else stem_of(name)}.verdicts.jsonl"


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
