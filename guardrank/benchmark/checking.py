"""What ``guardrank-bench check`` finds: every missing or unreadable image, every odd row, before an hour is spent.

TaskSet ──each image opened as a model would get it──> problems, beside those of reading
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrank.benchmark.images import ImageFolder
from guardrank.benchmark.problems import Problem
from guardrank.benchmark.tasks import TaskSet
from guardrank.llm_judge.images import ImageError
from guardrank.progress import Progress

SENTENCES = {
    "image_missing": "there is no such image",
    "image_outside": "the image lies outside the task folder, or is an address (see --allow-urls)",
    "image_unreachable": "nothing could be fetched from the image's address",
    "image_type": "the image is of no kind that is read (PNG, JPEG, GIF, WebP, BMP)",
    "image_too_large": "the image file is larger than --max-image-bytes",
    "image_too_many_pixels": "the image has more pixels than --max-image-pixels",
    "image_damaged": "the image is damaged: it cannot be decoded to its end",
}


def image_problems(tasks: TaskSet, folder: ImageFolder) -> Iterator[Problem]:
    """A problem for each image that a model could not be shown; each image is opened once."""
    users: dict[str, str] = {}
    for case in tasks.cases:
        for name in case.images:
            users.setdefault(name, case.id)
    with Progress(len(users), "images") as progress:
        for name, user in users.items():
            try:
                folder.open(name)
            except ImageError as error:
                yield Problem(name, str(error), f"{SENTENCES[str(error)]} (case {user})")
            progress.advance()


def print_check(tasks: TaskSet, problems: list[Problem], console: Console) -> None:
    """What is there by task, and all that a person should look at."""
    console.print(_counts(tasks))
    if not problems:
        console.print("Nothing to complain of.")
        return
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("where", overflow="fold")
    table.add_column("what", no_wrap=True)
    table.add_column("", overflow="fold")
    for problem in problems:
        style = "" if problem.is_note else "yellow"
        table.add_row(Text(problem.place), Text(problem.kind, style=style), Text(problem.text))
    console.print(table)


def _counts(tasks: TaskSet) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("task", "cases", "images", "languages"):
        table.add_column(column, justify="right" if column in ("cases", "images") else "left")
    for task in dict.fromkeys(case.task for case in tasks.cases):
        own = [case for case in tasks.cases if case.task == task]
        langs = Counter(case.lang or "none" for case in own)
        table.add_row(
            Text(task),
            f"{len(own):,}",
            f"{len({name for case in own for name in case.images}):,}",
            Text(", ".join(f"{lang} {count:,}" for lang, count in sorted(langs.items()))),
        )
    return table
