"""Exports of Label Studio: those that it wrote itself, and every way in which one can be odd.

``label_studio/*.json`` come from Label Studio 1.23.2: eight rows of ``guardrank-agree queue``, labelled by three
users through its API, exported as JSON, as JSON-MIN and as a snapshot with the users' details.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests_support.label_studio import annotation, export, minimal_export, write_json

from guardrank.annotations import label_studio, read_records
from guardrank.errors import UsageError
from guardrank.records import Record, RejectLog

WRITTEN = Path(__file__).parent / "label_studio"
LABELS = {
    "row-0 <&> $id": {"annotator-1": 2, "annotator-2": 1, "annotator-3": 2},
    "row-1 <&> $id": {"annotator-1": 3, "annotator-2": 0},
    "row-2 <&> $id": {"annotator-2": 1},
    "row-4 <&> $id": {"annotator-1": 0},
    "row-6 <&> $id": {"annotator-3": 0},
    "row-7 <&> $id": None,
}


def read(path: Path) -> tuple[dict[str, Record], RejectLog]:
    log = RejectLog()
    return {record.id: record for record in read_records(path, rejects=log)}, log


def one(tmp_path: Path, *given: Any, data: dict[str, Any] | None = None) -> tuple[list[Record], RejectLog]:
    log = RejectLog()
    data = data or {"id": "a", "response": "fine", "dimension": "bias"}
    path = write_json(tmp_path / "export.json", export([{"data": data}], [list(given)]))
    return list(read_records(path, rejects=log)), log


@pytest.mark.parametrize("name", ["export.json", "snapshot.json", "export-min.json"])
def test_what_label_studio_wrote(name: str) -> None:
    records, log = read(WRITTEN / name)
    assert {record.id: record.annotations for record in records.values()} == LABELS
    assert records["row-0 <&> $id"].human == 2
    assert records["row-1 <&> $id"].human == 0  # the lower median
    assert records["row-7 <&> $id"].human is None  # a draft is no label
    skipped = {} if name == "export-min.json" else {"skipped annotation": 2}
    assert log.reasons == skipped | {"annotation without a choice": 1, "replaced annotation": 1}


@pytest.mark.parametrize("name", ["export.json", "snapshot.json", "export-min.json"])
def test_the_record_comes_back_as_it_was(name: str) -> None:
    records, _ = read(WRITTEN / name)
    row = records["row-1 <&> $id"]
    assert row.response == "<Style>body{display:none}</Style> $response {{x}}"
    assert (row.prompt, row.dimension, row.lang, row.model) == ("Prompt 1?", "bias", "en", "m & n")
    assert row.meta == {"k": 1}
    assert row.model_extra is not None
    assert row.model_extra["created_at"] == "mine"  # a key of Label Studio's own in JSON-MIN
    assert (row.source, row.model_extra["from_source"]) == (None, "do_not_answer")
    weights = {record.model_extra.get("weight") for record in records.values() if record.model_extra}
    assert weights == {None, 2.0}


@pytest.mark.parametrize("name", ["snapshot.json", "export-min.json"])
def test_no_address_of_an_annotator_is_read(name: str) -> None:
    assert name == "export-min.json" or b"annotator2@example.org" in (WRITTEN / name).read_bytes()
    records, _ = read(WRITTEN / name)
    assert all("@" not in record.model_dump_json() for record in records.values())


def test_an_address_alone_becomes_the_same_pseudonym_everywhere(tmp_path: Path) -> None:
    records, _ = one(tmp_path, annotation(1, "Ann@Example.org", "1"), annotation(2, {"email": "bob@b.org"}, "2"))
    again, _ = one(tmp_path, annotation(1, {"email": "ann@example.org"}, "3"))
    assert isinstance(records[0].annotations, dict)
    assert isinstance(again[0].annotations, dict)
    ann, bob = records[0].annotations
    assert list(again[0].annotations) == [ann]
    assert ann != bob
    assert ann.startswith("annotator-")
    assert "ann@" not in ann.lower()


def test_annotators_without_a_name_stay_apart(tmp_path: Path) -> None:
    records, _ = one(tmp_path, annotation(1, None, "1"), annotation(2, {}, "2"), annotation(3, None, "3"))
    assert records[0].annotations == {f"annotator-unnamed-{i}": i for i in (1, 2, 3)}


def test_the_latest_of_one_annotator_counts_in_whatever_order(tmp_path: Path) -> None:
    records, log = one(tmp_path, annotation(9, 1, "3"), annotation(2, 1, "0"))
    assert records[0].annotations == {"annotator-1": 3}
    assert log.reasons == {"replaced annotation": 1}


def test_old_labels_and_predictions_do_not_count(tmp_path: Path) -> None:
    data = {"id": "a", "response": "x", "dimension": "bias", "human": 3, "source": "xstest", "annotations": [3]}
    tasks = export([{"data": data, "predictions": [annotation(1, 1, "3")]}], [[annotation(2, 4, "1")]])
    (record,) = read_records(write_json(tmp_path / "e.json", tasks))
    assert (record.human, record.annotations) == (1, {"annotator-4": 1})


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (annotation(1, 1, cancelled=True), "skipped annotation"),
        (annotation(1, 1), "annotation without a choice"),
        (annotation(1, 1, "1", "2"), "annotation with several or no choices where one is asked for"),
        (annotation(1, 1) | {"result": [{"type": "choices", "value": None}]}, "annotation with several or no"),
        (annotation(1, 1) | {"result": [{"type": "textarea", "value": {"text": ["1"]}}]}, "annotation without a"),
        (annotation(1, 1) | {"result": "2"}, "annotation without a choice"),
        (annotation(1, 1) | {"result": None}, "annotation without a choice"),
        (
            annotation(1, 1, "x") | {"result": [{"type": "choices", "value": {"choices": [["a"]]}}]},
            "annotation whose",
        ),
        (17, "damaged annotation"),
        (None, "damaged annotation"),
    ],
)
def test_an_annotation_that_gives_no_label(tmp_path: Path, bad: Any, reason: str) -> None:
    records, log = one(tmp_path, bad, annotation(2, 2, "2"))
    assert [record.annotations for record in records] == [{"annotator-2": 2}]
    assert [found.startswith(reason) for found in log.reasons] == [True]
    alone, log = one(tmp_path, bad)
    assert alone == []
    assert log.count == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"response": "x"}, "no dimension"),
        ({"dimension": "bias"}, "no response"),
        ({"record": "{not json", "response": "x", "dimension": "bias"}, "damaged record"),
        ({"record": "[1]"}, "damaged record"),
        ({"record": '{"meta": ' + '{"a":' * 70 + "1" + "}" * 71}, "damaged record"),
        ({"record": '{"response": "\\udc00", "dimension": "bias"}'}, "damaged record"),
        ({"response": "x", "dimension": "bias", "meta": orjson.loads("[" * 70 + "]" * 70)}, "nested more than 64"),
    ],
)
def test_a_task_that_is_no_record(tmp_path: Path, data: dict[str, Any], reason: str) -> None:
    records, log = one(tmp_path, annotation(1, 1, "1"), data=data)
    assert records == []
    assert [found.startswith(reason) for found in log.reasons] == [True]


def test_a_label_off_the_scale_is_rejected(tmp_path: Path) -> None:
    records, log = one(tmp_path, annotation(1, 1, "7"))
    assert (records, log.reasons) == ([], {"label off the scale": 1})


def test_a_project_of_other_making(tmp_path: Path) -> None:
    """Other field names, another control, no ids: ``--map`` and ``--dim`` bring it in."""
    given = annotation(1, 5, "2")
    given["result"][0]["from_name"] = "verdict"
    path = write_json(tmp_path / "e.json", export([{"data": {"q": "Who?", "a": "Me."}}], [[given]]))
    (record,) = read_records(path, dim="privacy", mapping={"prompt": "q", "response": "a"})
    assert (record.id, record.prompt, record.response, record.human) == ("task-101", "Who?", "Me.", 2)


def test_older_exports_say_completions(tmp_path: Path) -> None:
    task = export([{"data": {"response": "x", "dimension": "bias"}}], [[annotation(1, 1, "2")]])[0]
    task["completions"] = task.pop("annotations")
    (record,) = read_records(write_json(tmp_path / "e.json", [task]))
    assert record.human == 2


def test_both_kinds_of_export_say_the_same(tmp_path: Path) -> None:
    tasks = [{"data": {"record": f'{{"id": "r{i}", "response": "x", "dimension": "bias"}}'}} for i in range(4)]
    answers = [[annotation(10 * i + j, j, str((i + j) % 4)) for j in range(1, 4)] for i in range(4)]
    full = export(tasks, answers)
    write_json(tmp_path / "full.json", full)
    write_json(tmp_path / "min.json", minimal_export(full))
    assert list(read_records(tmp_path / "full.json")) == list(read_records(tmp_path / "min.json"))


def test_gzipped_and_with_a_byte_order_mark(tmp_path: Path) -> None:
    text = orjson.dumps(export([{"data": {"response": "x", "dimension": "bias"}}], [[annotation(1, 1, "2")]]))
    (tmp_path / "e.json.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf\n  " + text))
    (record,) = read_records(tmp_path / "e.json.gz")
    assert record.human == 2


@pytest.mark.parametrize(
    "text",
    [
        b'{"response": "a", "dimension": "bias"}\n{"response": "b", "dimension": "bias"}\n',
        b'[1, 2]\n{"response": "a", "dimension": "bias"}\n{"response": "b", "dimension": "bias"}\n',
    ],
)
def test_json_lines_under_this_name_are_read_as_before(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "rows.json").write_bytes(text)
    log = RejectLog()
    assert [record.response for record in read_records(tmp_path / "rows.json", rejects=log)] == ["a", "b"]
    assert log.count == text.startswith(b"[")


def test_an_array_of_other_objects_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_bytes(b'[{"response": "a", "dimension": "bias"}]')
    log = RejectLog()
    assert list(read_records(tmp_path / "rows.json", rejects=log)) == []
    assert log.reasons == {"not a JSON object": 1}


@pytest.mark.parametrize("damage", [lambda text: text[:-40], lambda text: text.replace(b"fine", b"\xff")])
def test_a_damaged_export_is_one_reject(tmp_path: Path, damage: Any) -> None:
    rows = export([{"data": {"response": "fine", "dimension": "bias"}}] * 50, [[annotation(1, 1, "2")]] * 50)
    (tmp_path / "e.json").write_bytes(damage(orjson.dumps(rows, option=orjson.OPT_INDENT_2)))
    log = RejectLog()
    assert list(read_records(tmp_path / "e.json", rejects=log)) == []
    assert log.reasons == {"not JSON": 1}


def test_an_export_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_studio, "MAX_EXPORT_BYTES", 1 << 20)
    packed = gzip.compress(b"[" + b" " * (3 << 20) + b"]")
    (tmp_path / "e.json.gz").write_bytes(packed)
    with pytest.raises(UsageError, match="over 1 MiB"):
        list(read_records(tmp_path / "e.json.gz"))


def test_things_that_are_no_tasks_are_rejected_one_by_one(tmp_path: Path) -> None:
    rows = export([{"data": {"response": "x", "dimension": "bias"}}], [[annotation(1, 1, "2")]])
    log = RejectLog()
    path = write_json(tmp_path / "e.json", [3, None, {"data": 4}, *rows, "x", {"annotations": []}])
    assert len(list(read_records(path, rejects=log))) == 1
    assert log.reasons == {"no Label Studio task": 5}


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
_odd = st.fixed_dictionaries(
    {},
    optional={
        "data": st.fixed_dictionaries(
            {"dimension": st.just("bias")}, optional={"response": _json, "record": _json}
        ),
        "annotations": st.lists(
            st.fixed_dictionaries({}, optional={"completed_by": _json, "result": _json, "was_cancelled": _json})
            | _json,
            max_size=3,
        )
        | _json,
        "annotation_id": _json,
        "annotator": _json,
        "score": _json,
        "id": _json,
    },
)


@given(st.lists(_odd, min_size=1, max_size=4))
def test_whatever_an_export_holds_nothing_crashes(
    tmp_path_factory: pytest.TempPathFactory, tasks: list[Any]
) -> None:
    path = tmp_path_factory.mktemp("odd") / "e.json"
    path.write_bytes(orjson.dumps(tasks))
    for record in read_records(path, rejects=RejectLog()):
        assert record.human is None or 0 <= record.human <= 3
