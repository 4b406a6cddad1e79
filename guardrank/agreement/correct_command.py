"""``guardrank-agree correct``: ASD and PAR of a large run, from its judge and a few human labels.

options ──> Correction ──correct_run──> CorrectedScores ──> the table, FILE.json
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from guardrank.annotations import parse_mapping
from guardrank.console import DebugOption, MapOption
from guardrank.dimensions import Dimension, parse_dimension
from guardrank.errors import UsageError

CORRECT_HELP = """ASD and PAR of a large run, from its judge's verdicts and a few human labels.

\b
  guardrank-agree correct run.verdicts.jsonl --labels sample.jsonl
  guardrank-agree correct run.verdicts.jsonl --labels export.json --responses responses.jsonl --by model
  guardrank-agree correct dna.verdicts.jsonl --labels dna.jsonl --question do-not-answer-harmful -o corrected.json

A judge's errors shift ASD and PAR, however many rows it judges. Labels of rows drawn at random say by how much:
the judge's mean over the run is corrected by its mean error on them (prediction-powered inference, PPI++), and the
95 % interval is that of people's own rates. A bad judge costs nothing; a good one is worth many labels ("gain").

\b
Labels      a random sample of the run, joined by id; an export of guardrank-agree queue counts with its rows
            that were drawn at random (`sampled`), each with its `weight`. Labels such as [1, 3] give PAR, and
            bounds of ASD. Where they are no rows of the run, give the judge's verdicts on them with --verdicts.
Prompts     rows of one prompt are not independent: give the judged records with --responses.
Not judged  rows without a score are in no rate; they are counted, with people's labels of them beside.
Abstained   rows that the judge abstained from count, unless --leave-out-abstained.
"""


def correct(
    run: Annotated[Path, typer.Argument(help="Verdict file of the whole run, as guardrank-score writes it.")],
    labels: Annotated[str, typer.Option(help="Records with human labels: a file, a results folder, or a hub id.")],
    by: Annotated[
        Literal["dimension", "model", "lang", "subtask"], typer.Option(help="Split the dimensions' rows further.")
    ] = "dimension",
    question: Annotated[
        str | None, typer.Option(help="What people were asked: a name in data/questions.yaml, or a file like it.")
    ] = None,
    responses: Annotated[
        list[str] | None, typer.Option(help="The records that were judged, for their prompts; may be repeated.")
    ] = None,
    verdicts: Annotated[
        Path | None, typer.Option(help="The judge's verdicts on the labelled rows, if the run lacks them.")
    ] = None,
    dim: Annotated[
        str | None, typer.Option(help="Only labels of this dimension, and labels that name none.")
    ] = None,
    map_: MapOption = None,
    leave_out_abstained: Annotated[
        bool, typer.Option("--leave-out-abstained", help="Rates of the rows that the judge was sure of.")
    ] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="JSON file for all figures.")] = None,
    debug: DebugOption = False,  # noqa: ARG001 (read elsewhere)
) -> None:
    """The options of ``guardrank-agree correct``."""
    from guardrank.agreement.correcting import Correction, correct_run

    correct_run(
        Correction(
            run=run,
            labels=labels,
            by=by,
            question=question,
            responses=tuple(responses or ()),
            verdicts=verdicts,
            dimension=_dimension(dim),
            mapping=parse_mapping(map_),
            leave_out_abstained=leave_out_abstained,
            output=output,
            command=shlex.join(["guardrank-agree", *sys.argv[1:]]),
        )
    )


def _dimension(name: str | None) -> Dimension | None:
    try:
        return None if name is None else parse_dimension(name)
    except ValueError as error:
        raise UsageError(f"--dim: {error}") from None
