"""Which of the three harnesses a source is of; everything imported can be written and judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from guardrank.benchmark.imports import read_results
from guardrank.errors import UsageError


@pytest.mark.parametrize("name", ["nothing", "empty", "other", "other/notes.json", "other/answers.xlsx"])
def test_an_unknown_source_names_the_three(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other" / "loop").mkdir(parents=True)
    (tmp_path / "other" / "loop" / "back").symlink_to(tmp_path / "other")
    (tmp_path / "other" / "notes.json").write_text('{"kind": "notes"}')
    (tmp_path / "other" / "answers.xlsx").write_text("")
    with pytest.raises(
        UsageError, match=r"DIMENSION_MODEL\.jsonl.*MODEL_MLLMGuard_DS\.xlsx.*DATE_samples_TASK\.jsonl"
    ):
        read_results(tmp_path / name)


def test_tasks_without_sheets(tmp_path: Path, lines: Callable[..., Path]) -> None:
    row = {"prompt": "Who?", "img_url": "1.jpg", "response": "A man.", "lan": "en"}
    path = lines(tmp_path / "privacy_m.jsonl", row)
    with pytest.raises(UsageError, match=r"holds no TASK/prompt\.csv"):
        read_results(path, tasks=tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {"answer": ["A"], "options": [1, {"a": 2}], "pair": {"x": 1}, "role": "boss", "lang": 7, "attack": [None]},
        {"subtask": 3, "human": 2**63, "seed": 10**400, "meta": {"deep": [[[]]]}, "id": None, "model": ["m"]},
        {"lan": {"en": 1}, "reference": ["a"], "A": {}, "B": [], "category": 5, "index": 1e300, "target": "\ufffe"},
    ],
)
@pytest.mark.parametrize(
    "name", ["privacy_m.jsonl", "m_MLLMGuard_DS.json", "20250102_131415_samples_privacy.jsonl"]
)
def test_whatever_a_row_holds_its_record_can_be_written(
    tmp_path: Path, lines: Callable[..., Path], fields: dict[str, Any], name: str
) -> None:
    texts = {
        "prompt": "Who?",
        "img_url": "1.jpg",
        "response": "A man.",
        "prediction": "A man.",
        "dimension": "privacy",
    }
    row = {name: str(cell) if isinstance(cell, int) and cell > 2**64 else cell for name, cell in fields.items()}
    sample = {"doc_id": 1, "doc": row | texts, "input": "Who?", "resps": [["A man."]]}
    rows = {"m": [row | texts], "2": [sample], "p": [row | texts]}[name[0]]
    path = lines(tmp_path / name, *rows)
    if path.suffix == ".json":
        path.write_bytes(b"[" + path.read_bytes() + b"]")
    (run,) = read_results(path)
    (answer,) = run.rows
    record = answer.case.record(answer.response or "", run.model)
    assert orjson.loads(orjson.dumps(record.model_dump(mode="json")))["response"] == "A man."
    assert len(answer.case.sha256) == 64
