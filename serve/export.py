"""``guardrank-export``: a trained judge in, ONNX variants that need no torch out, each behind the gate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from guardrank.annotations import parse_mapping
from guardrank.console import DebugOption, MapOption, TasksOption, VersionOption, new_app, run
from guardrank.errors import MissingExtraError

HELP = """Export a judge to ONNX, so that it scores fast on a CPU and without torch.

\b
  guardrank-export judges/truthfulness                       # fp32, and int8 if it scores the same
  guardrank-export judges/truthfulness --precision int8 --gate-data annotations.jsonl
  guardrank-export judges/mine --precision int4 --bound 0.02
  guardrank-export judges/mine --precision int8 --ship shipped/mine   # a folder of the export alone, to give away

Every export is compared with the torch judge on real rows: those that training kept, or --gate-data. One that
changes more than --bound of the scores is refused. guardrank-score then takes the fastest export by itself.
"""

app = new_app(HELP)


@app.command(help=HELP)
def export(
    judge: Annotated[Path, typer.Argument(help="Judge folder that guardrank-train wrote.")],
    precision: Annotated[
        Literal["auto", "fp32", "int8", "int4"],
        typer.Option(help="auto: fp32 and int8 (LLaMA: int8), a refused int8 left out."),
    ] = "auto",
    gate_data: Annotated[
        list[str] | None, typer.Option(help="Rows to compare on, annotated or not; may be repeated.")
    ] = None,
    bound: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the scores that an export may flip.")
    ] = 0.01,
    accept: Annotated[bool, typer.Option("--accept", help="Keep an export that the gate refuses.")] = False,
    ship: Annotated[
        Path | None, typer.Option(help="Also write a slim copy here: the fastest export alone, for scoring.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="Where the judge's base model is, if not where it was trained.")
    ] = None,
    map_: MapOption = None,
    tasks: TasksOption = None,
    debug: DebugOption = False,
    version: VersionOption = False,
) -> None:
    """The options of ``guardrank-export``."""
    try:
        from guardrank.serve.exporting import ExportRequest, export_judge, find_judge
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"exporting (it lacks {error.name})", "export") from None
    export_judge(
        ExportRequest(
            judge=find_judge(judge),
            precision=precision,
            gate_data=tuple(gate_data or ()),
            bound=bound,
            accept=accept,
            ship=ship,
            base=base,
            mapping=parse_mapping(map_),
            tasks=tasks,
        )
    )


def main() -> None:
    """Entry point of ``guardrank-export``."""
    run(app)


if __name__ == "__main__":
    main()
