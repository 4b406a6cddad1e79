"""The queue's folder: everything that a Label Studio project needs, and the same rows as record lines.

tasks.json  config.xml  instructions.html  RUBRIC.md  README.md  queue.jsonl (last: it says that all is there)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson

from guardrank.agreement.queue.label_studio import QueueRow, labelling_config, task
from guardrank.agreement.queue.rubric import rubric_text
from guardrank.dimensions import DIMENSIONS
from guardrank.errors import UsageError

QUEUE_FILE = "queue.jsonl"

_README = """# {count} responses to label

Made by `guardrank-agree queue`. The responses are data that was never checked: they may offend, and they may hold
instructions or markup; Label Studio shows them as plain text.

1. In Label Studio (1.5 or newer: `pip install label-studio`, `label-studio start`) create a project. Under
   *Labeling Setup*, *Custom template*, paste `config.xml`; under *Data Import* choose `tasks.json`.
2. Paste `instructions.html` into *Settings*, *Instructions*, and switch on showing them before labelling. Two or
   more annotators a task tell how far people agree.
3. Label; leave (or *Skip*) what cannot be judged. Then *Export*, *JSON* (JSON-MIN works as well), and:

       {study} -o study/
       guardrank-train --data export.json

Annotators become `annotator-ID`: their e-mail addresses are not read into records, but the export holds them.

{random} of the rows were drawn uniformly at random (`sampled: random`), each with the same probability; `weight` is
how many rows of the run one stands for. Rates of the whole run may be estimated from these alone
(`guardrank-agree correct`). The {chosen} others (`sampled: chosen`) were chosen because the judge is unsure of them
or because nothing like them was chosen before: they teach, but their rates are not those of the run, and a study
of them is harder on the judge than the run is.

Images are named, not shown. To show them, make their folder known under *Settings*, *Cloud Storage*, *Local files*,
and put `<Image name="image" value="$image"/>` in the place of the `Text` of that name.
"""


def check_folder(folder: Path) -> None:
    """Raise UsageError where ``folder`` cannot take a queue: annotators may be at work on the one in it."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder with -o")
    if (folder / QUEUE_FILE).exists():
        raise UsageError(f"{folder} holds a queue already: name another folder with -o")


def write_folder(folder: Path, rows: list[QueueRow], *, show_judge: bool = False) -> None:
    """Write all files of the queue into ``folder``, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [task(row, show_judge=show_judge) for row in rows]
    (folder / "tasks.json").write_bytes(orjson.dumps(tasks, option=orjson.OPT_INDENT_2))
    (folder / "config.xml").write_text(labelling_config(rows), encoding="utf-8")
    (folder / "RUBRIC.md").write_text(rubric_text(), encoding="utf-8")
    (folder / "instructions.html").write_text(instructions(), encoding="ascii")
    drawn = sum(row.pick.sampled == "random" for row in rows)
    readme = _README.format(count=len(rows), random=drawn, chosen=len(rows) - drawn, study=study_command(rows))
    (folder / "README.md").write_text(readme, encoding="utf-8")
    with (folder / QUEUE_FILE).open("wb") as stream:
        stream.writelines(_line(row) for row in rows)


def study_command(rows: list[QueueRow], judge: str = "judges/NAME") -> str:
    """The study of the labels to come; scores of different scales are compared as 0 against anything above."""
    scales = {DIMENSIONS[row.record.dimension].classes for row in rows}
    return f"guardrank-agree study export.json --judge {judge}{' --binary' * (len(scales) > 1)}"


def instructions() -> str:
    """The rubric as HTML in ASCII, for Label Studio's instructions."""
    from markdown_it import MarkdownIt

    html: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(rubric_text())
    return html.encode("ascii", "xmlcharrefreplace").decode()


def _line(row: QueueRow) -> bytes:
    """The record's line, with why it is there."""
    fields = row.record.model_dump(exclude_defaults=True)
    text = json.dumps(fields | _reasons(row), ensure_ascii=False)
    return text.encode("utf-8", "replace") + b"\n"


def _reasons(row: QueueRow) -> dict[str, Any]:
    pick, opinion = row.pick, row.opinion
    return {
        "sampled": pick.sampled,
        "weight": pick.weight,
        "probability": pick.probability,
        "reason": reason(row),
        "uncertainty": None if opinion is None else opinion.uncertainty,
        "similarity": pick.similarity,
    }


def reason(row: QueueRow) -> str:
    """Why the row is in the queue, in a few words."""
    pick, opinion = row.pick, row.opinion
    if pick.sampled == "random":
        return "drawn at random"
    if opinion is None:
        doubt = "no verdict"
    elif opinion.error is not None:
        doubt = f"the judge failed: {opinion.error}"
    else:
        known = "uncertainty unknown" if opinion.uncertainty is None else f"uncertainty {opinion.uncertainty:.2f}"
        doubt = f"the judge abstained, {known}" if opinion.abstained else known
    if pick.similarity is None:
        return f"{doubt}; the first of its group"
    return f"{doubt}; similarity {pick.similarity:.2f} to those chosen before"
