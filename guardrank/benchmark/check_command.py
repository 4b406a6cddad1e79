"""``guardrank-bench check``: what is wrong with a task folder.

TASKS ──read_tasks──> TaskSet ──each image opened──> problems ──> table; exit 1 if something needs a hand
"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from guardrank.annotations import parse_mapping
from guardrank.benchmark.options import (
    DEFAULT_BYTES,
    DEFAULT_PIXELS,
    BytesOption,
    ImagesOption,
    PixelsOption,
    UrlsOption,
)
from guardrank.console import DebugOption, MapOption
from guardrank.errors import GuardRankError

CHECK_HELP = """What is wrong with a task folder, before an hour is spent.

\b
  guardrank-bench check tasks/
  guardrank-bench check cases.jsonl --images pictures/

Lists every image that is missing, unreadable, too large or outside the folder, every duplicate and every odd row.
Exits with 1 if there is one; notes, such as an image that no row names, leave it at 0.
"""


def check(
    tasks: Annotated[str, typer.Argument(help="A folder of task folders, a file of rows, or a hub id.")],
    images: ImagesOption = None,
    map_: MapOption = None,
    max_image_pixels: PixelsOption = DEFAULT_PIXELS,
    max_image_bytes: BytesOption = DEFAULT_BYTES,
    allow_urls: UrlsOption = False,
    debug: DebugOption = False,  # noqa: ARG001 (read elsewhere)
) -> None:
    """The options of ``guardrank-bench check``."""
    from guardrank.benchmark.checking import image_problems, print_check
    from guardrank.benchmark.images import ImageFolder, ImageLimits
    from guardrank.benchmark.tasks import read_tasks

    found = read_tasks(tasks, images=images, mapping=parse_mapping(map_))
    limits = ImageLimits(max_image_bytes, max_image_pixels)
    problems = [*found.problems, *image_problems(found, ImageFolder(found.images, limits, allow_urls))]
    print_check(found, problems, Console())
    if serious := sum(not problem.is_note for problem in problems):
        raise GuardRankError(
            f"{serious:,} things need a hand, see above; a run would leave these cases out or fail them"
        )
