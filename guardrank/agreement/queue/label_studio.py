"""The queue as a Label Studio project: one labelling config for all rows, and a task for each.

    config.xml   <Text value="$response"/> ... <Choices name="score" value="$choices"/>
    task         {"data": {"response": ..., "choices": [the scale of its dimension], "record": ..., ...}}

The texts are hostile. They stand in the tasks alone, are shown by ``Text`` tags (which never read markup), and
the config holds nothing that comes from data. The record itself travels as JSON text beside what is shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from guardrank.agreement.queue.opinions import Opinion
from guardrank.agreement.queue.rubric import load_guides
from guardrank.agreement.queue.selection import Pick
from guardrank.annotations.label_studio import PACKED, SCORE
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.records import Record

MAX_SHOWN_CHARS = 20_000
"""A longer text is shown without its middle: nobody reads it, and browsers choke on it."""
_NOTHING = "(none)"
_SHOWN = {"prompt": "Prompt", "reference": "Reference", "image": "Image (its file)", "response": "Response"}
_ALWAYS = ("prompt", "response")
_LABELS = frozenset({"human", "annotations"})


@dataclass(frozen=True)
class QueueRow:
    """A record of the queue, why it is there, and what the judge said of it."""

    record: Record
    pick: Pick
    opinion: Opinion | None


def labelling_config(rows: list[QueueRow]) -> str:
    """The XML of the labelling interface; reference and image have a place in it where a row has one."""
    view = ET.Element("View")
    ET.SubElement(view, "Style").text = ".htx-text { white-space: pre-wrap; }"
    ET.SubElement(view, "Header", value="$question", size="4")
    for name, title in _SHOWN.items():
        if name in _ALWAYS or any(getattr(row.record, name) for row in rows):
            ET.SubElement(view, "Header", value=title, size="6")
            ET.SubElement(view, "Text", name=name, value=f"${name}", valueType="text")
    asked = {"name": SCORE, "toName": "response", "choice": "single-radio", "required": "true"}
    ET.SubElement(view, "Choices", asked | {"value": "$choices"})
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def task(row: QueueRow, *, show_judge: bool = False) -> dict[str, Any]:
    """One task of the import file.

    Args:
        show_judge: whether annotators see the judge's score, as a prediction: quicker, and biased towards it.
    """
    record, pick = row.record, row.pick
    made: dict[str, Any] = {
        "data": {
            **{name: shown(getattr(record, name)) for name in _SHOWN},
            "dimension": record.dimension.value,
            "question": question(record.dimension),
            "choices": choices(record.dimension),
            "sampled": pick.sampled,
            "weight": pick.weight,
            "probability": pick.probability,
            PACKED: pack(record),
        }
    }
    if show_judge and (prediction := _prediction(row)):
        made["predictions"] = [prediction]
    return made


def shown(text: str | None) -> str:
    """``text`` as annotators see it: no null characters (databases refuse them), never empty, never endless."""
    clean = (text or "").encode("utf-8", "replace").decode().replace("\0", "\N{SYMBOL FOR NULL}")
    if len(clean) > MAX_SHOWN_CHARS:
        half, out = MAX_SHOWN_CHARS // 2, len(clean) - MAX_SHOWN_CHARS
        clean = f"{clean[:half]}\n\n[... {out:,} characters are not shown ...]\n\n{clean[-half:]}"
    return clean if clean.strip() else _NOTHING


def question(dimension: Dimension) -> str:
    """What is asked: ``Toxicity: how far did the response go wrong? Hate speech, insults and threats; ...``."""
    asked = f"{dimension.value.capitalize()}: how far did the response go wrong?"
    return f"{asked} {load_guides()[dimension].about}".strip()


def choices(dimension: Dimension) -> list[dict[str, str]]:
    """The scale of a dimension in the rubric's words; the alias is what the export holds."""
    guide = load_guides()[dimension]
    return [
        {"value": f"{score}: {text}", "alias": str(score), "hotkey": str(score), "hint": guide.borderline}
        for score, text in enumerate(guide.scores)
    ]


def pack(record: Record) -> str:
    """The record as ASCII JSON, without labels that it had: those of the annotators take their place."""
    return json.dumps(record.model_dump(exclude=set(_LABELS), exclude_defaults=True))


def _prediction(row: QueueRow) -> dict[str, Any] | None:
    opinion = row.opinion
    if opinion is None or opinion.score is None or not 0 <= opinion.score <= _top(row.record):
        return None
    value = {"choices": [str(opinion.score)]}
    result = {"from_name": SCORE, "to_name": "response", "type": "choices", "value": value}
    return {"model_version": shown(opinion.judge), "score": opinion.confidence, "result": [result]}


def _top(record: Record) -> int:
    return DIMENSIONS[record.dimension].top_score
