"""What stands in the queue's folder."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest

from guardrank.agreement.queue.folder import check_folder, instructions, reason, study_command, write_folder
from guardrank.agreement.queue.label_studio import QueueRow
from guardrank.agreement.queue.opinions import Opinion
from guardrank.agreement.queue.rubric import rubric_text
from guardrank.agreement.queue.selection import Pick
from guardrank.annotations import read_records
from guardrank.errors import UsageError
from guardrank.records import Record

New = Callable[..., Record]
UNSURE = Opinion(1, 0.93, 0.6, False, None, "j@1")


def test_all_that_a_project_needs(tmp_path: Path, record: New) -> None:
    rows = [
        QueueRow(record(0, meta={"a": "é\0"}, human=1), Pick(0, "random", 0.1, 20.0), None),
        QueueRow(record(1, lang="zh", response="好的"), Pick(1, "chosen", similarity=0.25), UNSURE),
    ]
    write_folder(tmp_path / "new" / "queue", rows)
    folder = tmp_path / "new" / "queue"
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "RUBRIC.md",
        "config.xml",
        "instructions.html",
        "queue.jsonl",
        "tasks.json",
    ]
    assert (folder / "RUBRIC.md").read_text() == rubric_text()
    tasks = orjson.loads((folder / "tasks.json").read_bytes())
    sampling = [[task["data"][key] for key in ("sampled", "weight", "probability")] for task in tasks]
    assert sampling == [["random", 20.0, 0.1], ["chosen", None, None]]
    readme = (folder / "README.md").read_text()
    assert readme.startswith("# 2 responses to label")
    assert "{" not in readme
    assert [line[:3] for line in readme.splitlines() if line[:1].isdigit() and line[1:2] == "."] == [
        "1. ",
        "2. ",
        "3. ",
    ]


def test_the_same_rows_as_record_lines_with_their_reasons(tmp_path: Path, record: New) -> None:
    rows = [QueueRow(record(1, response="好的", human=2), Pick(1, "chosen", similarity=0.25), UNSURE)]
    write_folder(tmp_path, rows)
    assert "好的".encode() in (tmp_path / "queue.jsonl").read_bytes()
    (read,) = read_records(tmp_path / "queue.jsonl")
    assert read.model_dump(exclude=set(read.model_extra or {})) == rows[0].record.model_dump()
    assert read.model_extra == {
        "sampled": "chosen",
        "weight": None,
        "probability": None,
        "reason": "uncertainty 0.93; similarity 0.25 to those chosen before",
        "uncertainty": 0.93,
        "similarity": 0.25,
    }


@pytest.mark.parametrize(
    ("pick", "opinion", "expected"),
    [
        (Pick(0, "random", 0.1, 10.0), UNSURE, "drawn at random"),
        (Pick(0, "chosen"), UNSURE, "uncertainty 0.93; the first of its group"),
        (Pick(0, "chosen", similarity=0.1), None, "no verdict; similarity 0.10 to those chosen before"),
        (
            Pick(0, "chosen"),
            UNSURE._replace(abstained=True),
            "the judge abstained, uncertainty 0.93; the first of its",
        ),
        (Pick(0, "chosen"), UNSURE._replace(uncertainty=None), "uncertainty unknown; the first"),
        (
            Pick(0, "chosen"),
            Opinion(None, None, None, False, "refused", "j"),
            "the judge failed: refused; the first",
        ),
    ],
)
def test_why_a_row_is_there(record: New, pick: Pick, opinion: Opinion | None, expected: str) -> None:
    assert reason(QueueRow(record(0), pick, opinion)).startswith(expected)


def test_scales_that_differ_are_compared_by_yes_or_no(record: New) -> None:
    toxic, untrue = (
        QueueRow(record(0, dimension=d), Pick(0, "chosen"), None) for d in ("toxicity", "truthfulness")
    )
    assert study_command([toxic], "j") == "guardrank-agree study export.json --judge j"
    assert study_command([toxic, untrue]).endswith("--judge judges/NAME --binary")


def test_the_instructions_are_plain_html() -> None:
    tags: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.add(tag)  # type: ignore[method-assign]
    parser.feed(instructions())
    assert {"h1", "h2", "table", "li"} <= tags
    assert not tags & {"script", "style", "img", "iframe", "a"}
    assert instructions().isascii()


def test_a_folder_where_annotators_may_be_at_work(tmp_path: Path, record: New) -> None:
    check_folder(tmp_path / "none")
    check_folder(tmp_path)
    write_folder(tmp_path, [QueueRow(record(0), Pick(0, "chosen"), None)])
    with pytest.raises(UsageError, match="holds a queue already"):
        check_folder(tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        check_folder(tmp_path / "queue.jsonl")
