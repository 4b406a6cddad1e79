"""``guardrank-bench run``: ask a model, judge its responses, print the leaderboard.

options ──> RunRequest ──start_run──> RUN/responses.jsonl ──report_runs──> RUN/leaderboard.*
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from guardrank.annotations import parse_mapping
from guardrank.benchmark.options import (
    DEFAULT_BYTES,
    DEFAULT_PIXELS,
    AbstainedOption,
    BytesOption,
    CompatOption,
    ImagesOption,
    JudgeOption,
    LabelsOption,
    PixelsOption,
    TasksOption,
    UrlsOption,
    parse_settings,
)
from guardrank.console import DebugOption, DeviceOption, MapOption

RUN_HELP = """Ask a model, judge its responses, print the leaderboard. A second start does only what is missing.

\b
  guardrank-bench run --model hf:llava-hf/llava-1.5-7b-hf --tasks tasks/ -o runs/llava
  guardrank-bench run --model openai:gpt-4o --tasks tasks/ --max-cost 20 -o runs/gpt-4o
  guardrank-bench run --model openai:local --base-url http://localhost:8000/v1 --tasks tasks/ -o runs/local
  guardrank-bench run --model python:mymodels:Mine --tasks cases.jsonl --attack jpeg=0.95 -o runs/mine

A model is one of these:

\b
  hf:ID or hf:FOLDER     what AutoModelForImageTextToText loads: LLaVA, Qwen-VL, InternVL, Idefics, PaliGemma...
  openai:MODEL           a server that speaks OpenAI's chat completions; its key stands in OPENAI_API_KEY
  python:MODULE:CLASS    a class with answer(prompt, images) -> str

\b
Attacks   gaussian-noise, salt-and-pepper, jpeg, swap-options, swap-images, typographic, or of a package; each makes
          a twin of every case that it fits. Noise and position tasks get their second halves by themselves.
Failures  cases without response are counted, in no figure, and asked again at the next start.
"""


def run_benchmark(
    model: Annotated[str, typer.Option(help="The model, see above.")],
    tasks: TasksOption,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the run.")],
    name: Annotated[str | None, typer.Option(help="What the leaderboard calls the model.")] = None,
    images: ImagesOption = None,
    map_: MapOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first cases of each task.")] = None,
    attack: Annotated[list[str] | None, typer.Option(help="NAME or NAME=STRENGTH; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of attacks and of sampling.")] = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Cases at once, for models on this machine.")] = 4,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Longest response, in tokens.")] = 256,
    temperature: Annotated[float, typer.Option(min=0, help="0 takes the likeliest token.")] = 0.0,
    device: DeviceOption = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False,
    base_url: Annotated[
        str | None, typer.Option(help="Endpoint of an openai: model; OpenAI's unless given.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests at once, for servers.")] = 8,
    requests_per_minute: Annotated[float | None, typer.Option(min=0.001, help="At most, for servers.")] = None,
    max_cost: Annotated[float | None, typer.Option(min=0, help="Dollars that an openai: model may cost.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE for this kind of model.")] = None,
    judge: JudgeOption = None,
    no_judge: Annotated[bool, typer.Option("--no-judge", help="Only ask; report judges later.")] = False,
    labels: LabelsOption = None,
    include_abstained: AbstainedOption = False,
    compat: CompatOption = None,
    max_image_pixels: PixelsOption = DEFAULT_PIXELS,
    max_image_bytes: BytesOption = DEFAULT_BYTES,
    allow_urls: UrlsOption = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Drop the run that is there.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 where a case failed.")] = False,
    debug: DebugOption = False,  # noqa: ARG001 (read elsewhere)
) -> None:
    """The options of ``guardrank-bench run``."""
    from guardrank.benchmark.images import ImageLimits
    from guardrank.benchmark.models import ModelOptions
    from guardrank.benchmark.reporting import ReportRequest, report_runs
    from guardrank.benchmark.starting import RunRequest, start_run

    options = ModelOptions(
        batch_size=batch_size,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        seed=seed,
        device=device,
        trust_remote_code=trust_remote_code,
        base_url=base_url,
        concurrency=concurrency,
        requests_per_minute=requests_per_minute,
        max_cost=max_cost,
        more=parse_settings(set_),
    )
    request = RunRequest(
        model=model,
        tasks=tasks,
        output=output,
        options=options,
        name=name,
        images=images,
        mapping=parse_mapping(map_),
        limit=limit,
        attacks=tuple(attack or ()),
        seed=seed,
        limits=ImageLimits(max_image_bytes, max_image_pixels),
        allow_urls=allow_urls,
        fresh=fresh,
        strict=strict,
    )
    report = ReportRequest(
        runs=(output,),
        output=output,
        judges=tuple(judge or ()),
        labels=labels,
        include_abstained=include_abstained,
        compat=compat,
        device=device,
        limits=request.limits,
        command=shlex.join(["guardrank-bench", *sys.argv[1:]]),
    )
    report.check()
    failed = start_run(request)
    if not no_judge:
        report_runs(report)
    failed.complain(strict=strict)
