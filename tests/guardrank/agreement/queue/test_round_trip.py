"""From responses to labels to train on: queue, simulated annotators, export, reading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from tests_support.label_studio import annotation, export, minimal_export, write_json
from tests_support.rows import write_jsonl

from guardrank.agreement.queue.run import QueueRequest, build_queue
from guardrank.agreement.queue.selection import Wish
from guardrank.annotations import read_records
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.records import Record, RejectLog

TEXTS = ["I can't say.", "<Style>*{display:none}</Style> $response", "null \0", "好的，没问题。", "x" * 30_000]


def responses(path: Path) -> Path:
    rows: list[dict[str, Any]] = [
        {
            "id": f"{dimension}/{i} <&>",
            "prompt": f"What about {dimension} {i // 2}?",
            "response": f"{TEXTS[i % 5]} ({i})",
            "dimension": dimension,
            "subtask": None,
            "lang": ("en", "zh")[i % 2],
            "model": f"m{i % 3}",
            "reference": "Gold & true." if dimension == "truthfulness" else None,
            "source": ("do_not_answer", "xstest", None)[i % 3],
            "meta": {"compliance_human": 3, "n": i},
            "note": {"kept": True},
        }
        for dimension in Dimension
        for i in range(16)
    ]
    return write_jsonl(path, rows)


@pytest.fixture
def queued(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    out = tmp_path / "queue"
    build_queue(QueueRequest((str(responses(tmp_path / "responses.jsonl")),), out, Wish(40, random_share=0.25)))
    capsys.readouterr()
    return out


def annotate(tasks: list[dict[str, Any]], truth: Callable[[dict[str, Any]], int]) -> list[list[dict[str, Any]]]:
    """Three people: one always right, one a step milder, one who skips every third task."""
    answers = []
    for number, each in enumerate(tasks):
        record, base = orjson.loads(each["data"]["record"]), 3 * number
        aliases = [choice["alias"] for choice in each["data"]["choices"]]
        right = truth(record)
        third = (
            annotation(base + 3, 9, cancelled=True) if number % 3 == 0 else annotation(base + 3, 9, aliases[right])
        )
        answers.append(
            [annotation(base + 1, 7, aliases[right]), annotation(base + 2, 8, aliases[max(right - 1, 0)]), third]
        )
    return answers


def truth(record: dict[str, Any]) -> int:
    return Random(record["id"]).randrange(DIMENSIONS[Dimension(record["dimension"])].classes)


@pytest.mark.parametrize("kind", ["JSON", "JSON-MIN"])
def test_labels_come_back_to_the_rows_that_they_were_asked_of(tmp_path: Path, queued: Path, kind: str) -> None:
    tasks = orjson.loads((queued / "tasks.json").read_bytes())
    exported = export(tasks, annotate(tasks, truth))
    log = RejectLog()
    path = write_json(tmp_path / "export.json", exported if kind == "JSON" else minimal_export(exported))
    labelled = {record.id: record for record in read_records(path, rejects=log)}
    asked = {record.id: record for record in read_records(tmp_path / "responses.jsonl")}
    assert len(labelled) == 40
    assert log.reasons == ({"skipped annotation": 14} if kind == "JSON" else {})
    for name, record in labelled.items():
        right = truth({"id": name, "dimension": record.dimension})
        milder, skipped = max(right - 1, 0), record.annotations is not None and len(record.annotations) == 2
        expected = {"annotator-7": right, "annotator-8": milder} | ({} if skipped else {"annotator-9": right})
        assert record.annotations == expected
        assert record.human == (milder if skipped else right)
        given = {"source", "human", "annotations"}
        extra = {"from_source", "sampled", "weight", "probability"}
        assert record.model_dump(exclude=given | extra) == asked[name].model_dump(exclude=given)
    drawn = [record for record in labelled.values() if (record.model_extra or {})["sampled"] == "random"]
    assert len(drawn) == 10
    assert {(record.model_extra or {})["weight"] for record in drawn} == {8.0}  # 80 rows, 10 drawn


def test_guardrank_train_reads_them(tmp_path: Path, queued: Path) -> None:
    pytest.importorskip("torch")
    from guardrank.train.data import load_data

    tasks = orjson.loads((queued / "tasks.json").read_bytes())
    path = write_json(tmp_path / "export.json", export(tasks, annotate(tasks, truth)))
    data = load_data([str(path)], [], mapping={}, rule=None, tasks=None, rejects_to=tmp_path)
    labels = {record.id: record.human for record in data.records}
    assert labels == {record.id: record.human for record in read_records(path, rejects=RejectLog())}
    assert set(labels.values()) == {0, 1, 2, 3}


def test_the_next_queue_asks_of_other_rows(tmp_path: Path, queued: Path) -> None:
    tasks = orjson.loads((queued / "tasks.json").read_bytes())
    path = write_json(tmp_path / "export.json", export(tasks, annotate(tasks, truth)))
    again = tmp_path / "again"
    source = str(tmp_path / "responses.jsonl")
    build_queue(QueueRequest((source,), again, Wish(100), labelled=(str(path),)))

    def ids(folder: Path) -> set[str]:
        return {record.id for record in read_records(folder / "queue.jsonl")}

    assert len(ids(again)) == 40
    assert not ids(queued) & ids(again)
    both: list[Record] = list(read_records(source))
    assert ids(queued) | ids(again) == {record.id for record in both}
