"""Label Studio's exports, as version 1.23 writes them: the answers of simulated annotators to a task file."""

import json
from pathlib import Path

_TIME = "2026-11-24T10:{:02}:{:02}.000000Z"


def annotation(number: int, annotator, *choices: str, cancelled: bool = False) -> dict:
    """One annotation; ``annotator`` is an id, a user as an object, an e-mail address or None."""
    result = {
        "value": {"choices": list(choices)},
        "id": f"T-{number:08}",
        "from_name": "score",
        "to_name": "response",
        "type": "choices",
        "origin": "manual",
    }
    time = _TIME.format(number // 60 % 60, number % 60)
    return {
        "id": number,
        "completed_by": annotator,
        "result": [result] if choices else [],
        "was_cancelled": cancelled,
        "ground_truth": False,
        "created_at": time,
        "updated_at": time,
        "lead_time": 4.1,
        "prediction": {},
        "result_count": len(choices),
        "last_action": None,
    }


def export(tasks: list[dict], answers: list[list[dict]]) -> list[dict]:
    """The full JSON export of ``tasks`` (as imported), with the annotations of each."""
    return [
        {
            "id": number,
            "annotations": given,
            "drafts": [],
            "predictions": task.get("predictions", []),
            "data": task["data"],
            "meta": {},
            "project": 1,
            "updated_by": 1,
            "comment_authors": [],
        }
        for number, (task, given) in enumerate(zip(tasks, answers, strict=True), 101)
    ]


def minimal_export(tasks: list[dict]) -> list[dict]:
    """The JSON-MIN export of what ``export`` gives: a row for each annotation that was not skipped."""
    return [
        task["data"]
        | {"id": task["id"]}
        | ({"score": given["result"][0]["value"]["choices"][0]} if given["result"] else {})
        | {"annotator": given["completed_by"], "annotation_id": given["id"]}
        | {key: given[key] for key in ("created_at", "updated_at", "lead_time")}
        for task in tasks
        for given in task["annotations"]
        if not given["was_cancelled"]
    ]


def write_json(path: Path, value) -> Path:
    """``value`` as one JSON document."""
    path.write_text(json.dumps(value), encoding="utf-8")
    return path
