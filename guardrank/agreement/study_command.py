"""``guardrank-agree study``: judges beside people's labels on the same rows.

options ──> StudySettings ──conduct──> Study ──> study.json, report.html, the table
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from guardrank.agreement.settings import StudySettings, parse_annotators, parse_by
from guardrank.annotations import parse_mapping
from guardrank.console import DebugOption, DeviceOption, MapOption
from guardrank.dimensions import Dimension, parse_dimension
from guardrank.errors import MissingExtraError, UsageError
from guardrank.llm_judge.options import ChatOptions

STUDY_HELP = """Judges beside people's labels on the same rows: agreement, intervals, who is ahead.

\b
  guardrank-agree study annotated.jsonl --judge judges/toxicity --judge keyword -o study/
  guardrank-agree study xstest.jsonl.gz --question xstest-refusal --judge keyword \\
      --judge ours=file:xstest.verdicts.jsonl --judge gpt-4=column:meta.compliance_gpt4
  guardrank-agree study own.jsonl --label meta.tone --class-name kind --class-name rude \\
      --annotator ann=meta.ann --annotator ben=meta.ben --judge column:gpt-4
  guardrank-agree study annotated.jsonl --judge judges/bias --judge openai:gpt-4o --max-cost 5

A judge is one of these, with NAME= before it to call it something else:

\b
  FOLDER           a judge that guardrank-train made, or its hub id
  file:VERDICTS    verdicts by id, anybody's: one of the fields score, label, verdict
  column:NAME      judges.NAME in the data, else a field NAME, else a path such as meta.NAME
  keyword          the refusal-keyword rule
  openai:MODEL     a chat model; its key stands in OPENAI_API_KEY

Labels in files and columns are integers on the scale of people's labels, or names of classes. A judge of a
dimension's 0-3 scale answers a question of two classes by "above 0". The first judge is compared with each other
one. Intervals are 95 %, by bootstrap over prompts.

Without --question or --label people's labels are taken as they stand: on the dimension's scale, or as 0 against
anything above where the data say no more.
"""


def study(
    data: Annotated[
        list[str], typer.Argument(help="Annotated responses: files, a results folder, a hub id, or - for stdin.")
    ],
    judge: Annotated[list[str] | None, typer.Option(help="A judge, see above; may be repeated.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for study.json and the report.")] = Path(
        "study"
    ),
    question: Annotated[
        str | None, typer.Option(help="What people were asked: a name in data/questions.yaml, or a file like it.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Field that holds the label, such as meta.tone.")] = None,
    classes: Annotated[int | None, typer.Option(min=2, help="Number of labels, with --label.")] = None,
    class_name: Annotated[
        list[str] | None, typer.Option(help="Name of the labels 0, 1, ... in turn, with --label; repeat it.")
    ] = None,
    annotator: Annotated[
        list[str] | None, typer.Option(help="NAME=PATH of one person's own labels; may be repeated.")
    ] = None,
    binary: Annotated[bool, typer.Option("--binary", help="Compare 0 with anything above.")] = False,
    split: Annotated[str | None, typer.Option(help="Only rows of this split, such as test.")] = None,
    dim: Annotated[str | None, typer.Option(help="Only this dimension's rows, and rows that name none.")] = None,
    map_: MapOption = None,
    by: Annotated[
        str | None,
        typer.Option(help="Slices beside all: dimension,subtask,lang,model,length,refusal; all of them."),
    ] = None,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap resamples.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resamples.")] = 0,
    device: DeviceOption = None,
    base_url: Annotated[str | None, typer.Option(help="Endpoint of openai: judges; OpenAI's unless given.")] = None,
    max_cost: Annotated[float | None, typer.Option(min=0, help="Dollars that openai: judges may cost.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what openai: judges would cost, and send nothing.")
    ] = False,
    few_shot: Annotated[bool, typer.Option("--few-shot", help="Show openai: judges examples first.")] = False,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the records' images, shown to openai: judges.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests at once.")] = 8,
    key_env: Annotated[
        str | None, typer.Option(help="Environment variable with the key; OPENAI_API_KEY unless given.")
    ] = None,
    prices: Annotated[Path | None, typer.Option(help="Prices in the form of data/prices.yaml.")] = None,
    ask_again: Annotated[
        bool, typer.Option("--ask-again", help="Ask anew where a cached answer had no score.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 where a row was rejected or failed.")] = False,
    debug: DebugOption = False,  # noqa: ARG001 (read elsewhere)
) -> None:
    """The options of ``guardrank-agree study``."""
    settings = StudySettings(
        data=tuple(data),
        judges=tuple(judge or ()),
        output=output,
        question=question,
        label=label,
        classes=classes,
        class_names=tuple(class_name or ()),
        annotators=parse_annotators(annotator or ()),
        binary=binary,
        split=split,
        dimension=_dimension(dim),
        mapping=parse_mapping(map_),
        by=parse_by(by),
        resamples=resamples,
        seed=seed,
        device=device,
        chat=ChatOptions(base_url, max_cost, dry_run, few_shot, images, concurrency, key_env, prices, ask_again),
        strict=strict,
        command=shlex.join(["guardrank-agree", *sys.argv[1:]]),
    )
    try:
        from guardrank.agreement.studying import make_study, tell_costs
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"an agreement study (it lacks {error.name})", "agree") from None
    if dry_run:
        tell_costs(settings)
    else:
        make_study(settings)


def _dimension(name: str | None) -> Dimension | None:
    try:
        return None if name is None else parse_dimension(name)
    except ValueError as error:
        raise UsageError(f"--dim: {error}") from None
