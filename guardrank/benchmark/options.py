"""Options that the commands of ``guardrank-bench`` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guardrank.benchmark.images import ImageLimits
from guardrank.errors import UsageError

_LIMITS = ImageLimits()

TasksOption = Annotated[str, typer.Option("--tasks", help="A folder of task folders, a file of rows, or a hub id.")]
ImagesOption = Annotated[
    Path | None, typer.Option(help="Folder of the images, for a file of rows; its own unless given.")
]
PixelsOption = Annotated[
    int, typer.Option("--max-image-pixels", min=1, help="Images with more pixels are not decoded.")
]
BytesOption = Annotated[int, typer.Option("--max-image-bytes", min=1, help="Larger image files are not read.")]
UrlsOption = Annotated[bool, typer.Option("--allow-urls", help="Fetch images whose path is an address on the web.")]
JudgeOption = Annotated[
    list[str] | None,
    typer.Option(help="A judge folder, hub id, keyword or openai:MODEL; guardrank-mini unless given."),
]
AbstainedOption = Annotated[
    bool, typer.Option("--include-abstained", help="Let rows that the judge abstained from into ASD and PAR.")
]
CompatOption = Annotated[
    str | None, typer.Option(help="mllmguard: compute as MLLMGuard's own scripts do, defects included.")
]
LabelsOption = Annotated[
    Path | None, typer.Option(help="People's labels of some responses, to correct ASD and PAR by.")
]
DEFAULT_PIXELS, DEFAULT_BYTES = _LIMITS.most_pixels, _LIMITS.most_bytes


def parse_settings(texts: list[str] | None) -> dict[str, str]:
    """``["dtype=bfloat16"]`` -> ``{"dtype": "bfloat16"}``; raises UsageError with the right form."""
    settings: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name.strip() and equals):
            raise UsageError(f"--set takes KEY=VALUE, not {text!r}")
        settings[name.strip()] = value
    return settings
