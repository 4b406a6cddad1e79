"""Exports of Label Studio, as people's labels of our records.

    JSON      [{"data": {"record": ...}, "annotations": [{"completed_by": 3, "result": [...]}, ...]}, ...]
    JSON-MIN  [{"record": ..., "score": "2", "annotator": 3, "annotation_id": 7, "id": 12, ...}, ...]

    task        -> the record that ``guardrank-agree queue`` packed into it, else the fields of its data
    annotation  -> annotations["annotator-3"] = "2"; skipped and empty ones are rejected one by one, with a reason

Labels given here are the annotators' own, on the dimension's scale: a ``human`` that the record had before is
dropped, and its ``source`` becomes ``from_source``, so that no source's label rule is applied to them.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from guardrank.errors import UsageError
from guardrank.records import RawRow, open_bytes, read_jsonl
from guardrank.records.jsonl import MAX_DEPTH

SCORE = "score"
"""Name of the control that asks for the score, in the labelling config."""
PACKED = "record"
"""Key of the task's data that holds the record, as JSON text: no key or character of it can trouble an import."""
SAMPLING = ("sampled", "weight", "probability")
"""Keys of the task's data that say how the row came into the queue; they become fields of the record."""
MAX_EXPORT_BYTES = 256 * 1024 * 1024
"""An export is one JSON array and is held in memory, at some five times its size; a larger one is refused."""

_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 4096
_MINIMAL_KEYS = frozenset(
    {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement", SCORE}
)
_LABELS = ("human", "annotations")


class _NoLabelError(Exception):
    """An annotation that gives no score; the text says why."""


@dataclass
class _Task:
    """A task of either kind of export; ``line`` is its place in the array, from 1."""

    line: int
    id: Any
    data: Mapping[str, Any]
    annotations: list[Any] = field(default_factory=list)


def read_json(path: Path) -> Iterator[RawRow]:
    """Rows of a ``.json`` file: of a Label Studio export, else of JSON Lines under another name.

    Raises:
        UsageError: an export of more than MAX_EXPORT_BYTES.
    """
    text = _array_text(path)
    items = None if text is None else _parse(text)
    if text is not None and items is None and not _is_json(text.partition(b"\n")[0]):
        yield RawRow(path.name, 1, problem="not JSON: the array that begins here is damaged or cut off")
    elif items and any(map(_is_task, items)):
        for task in _tasks(items):
            yield from _rows(path.name, task) if isinstance(task, _Task) else [RawRow(path.name, *task)]
    else:
        yield from read_jsonl(path)


def _array_text(path: Path) -> bytes | None:
    """The whole file if it begins as a JSON array, else None."""
    try:
        with open_bytes(path) as stream:
            head = stream.read(_HEAD_BYTES).removeprefix(_BOM).lstrip()
            if not head.startswith(b"["):
                return None
            text = head + stream.read(MAX_EXPORT_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return None
    if len(text) > MAX_EXPORT_BYTES:
        limit = MAX_EXPORT_BYTES >> 20
        raise UsageError(f"{path}: an export over {limit} MiB: export the project in parts, or as JSON-MIN")
    return text


def _parse(text: bytes) -> list[Any] | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, list) else None


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _is_task(item: Any) -> bool:
    return isinstance(item, dict) and (isinstance(item.get("data"), dict) or _is_minimal(item))


def _is_minimal(item: Mapping[str, Any]) -> bool:
    return "annotation_id" in item and "annotator" in item


def _tasks(items: Iterable[Any]) -> Iterator[_Task | tuple[int, None, str]]:
    """Tasks in order; JSON-MIN has a row for each annotation, joined here by the task's id."""
    minimal: dict[Any, _Task] = {}
    for line, item in enumerate(items, 1):
        if not _is_task(item):
            yield line, None, "no Label Studio task: it has no data"
        elif _depth_exceeds(item, MAX_DEPTH):
            yield line, None, f"nested more than {MAX_DEPTH} levels deep"
        elif isinstance(item.get("data"), dict):
            annotations = item.get("annotations") or item.get("completions") or []
            yield _Task(line, item.get("id"), item["data"], _listed(annotations))
        else:
            data = {key: value for key, value in item.items() if key not in _MINIMAL_KEYS}
            task = minimal.setdefault(str(item.get("id", f"line {line}")), _Task(line, item.get("id"), data))
            if item["annotation_id"] is not None:
                task.annotations.append(_full_annotation(item))
    yield from minimal.values()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        parents = [item for item in level if isinstance(item, dict | list)]
        level = [child for item in parents for child in (item.values() if isinstance(item, dict) else item)]
    return bool(level)


def _full_annotation(item: Mapping[str, Any]) -> dict[str, Any]:
    """A row of JSON-MIN as the annotation that it was made from."""
    given = item.get(SCORE)
    value = given if isinstance(given, Mapping) else {"choices": [given]}
    result = [] if given is None else [{"from_name": SCORE, "type": "choices", "value": value}]
    return {"completed_by": item["annotator"], "updated_at": item.get("updated_at"), "result": result}


def _rows(file: str, task: _Task) -> Iterator[RawRow]:
    """The labelled record, and a rejected row for each annotation that gave no label."""
    labels: dict[str, str] = {}
    for unnamed, annotation in enumerate(sorted(task.annotations, key=_when), 1):
        if not isinstance(annotation, Mapping):
            yield RawRow(file, task.line, problem="damaged annotation: it is no object")
            continue
        name = _pseudonym(annotation.get("completed_by"), unnamed)
        try:
            label = _label(annotation)
        except _NoLabelError as error:
            yield RawRow(file, task.line, problem=f"{error}: by {name}")
            continue
        if name in labels:
            yield RawRow(file, task.line, problem=f"replaced annotation: {name} labelled the row again")
        labels[name] = label
    if labels or not task.annotations:
        yield _record_row(file, task, labels)


def _when(annotation: Any) -> str:
    if not isinstance(annotation, Mapping):
        return ""
    return str(annotation.get("updated_at") or annotation.get("created_at") or "")


def _pseudonym(completed_by: Any, unnamed: int) -> str:
    """``annotator-3``; where there is only an e-mail address, a hash of it stands for the number."""
    if isinstance(completed_by, Mapping):
        completed_by = completed_by.get("id") or completed_by.get("email") or completed_by.get("username")
    text = "" if completed_by is None else str(completed_by).strip().lower()
    if not text:
        return f"annotator-unnamed-{unnamed}"
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return f"annotator-{text}"
    return f"annotator-{hashlib.blake2s(text.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


def _label(annotation: Mapping[str, Any]) -> str:
    """The one choice of an annotation: that of the control SCORE, else of the only control with choices."""
    if annotation.get("was_cancelled") or annotation.get("skipped"):
        raise _NoLabelError("skipped annotation")
    result = _listed(annotation.get("result") or [])
    given = [part for part in result if isinstance(part, Mapping) and part.get("type") == "choices"]
    answers = [part for part in given if part.get("from_name") == SCORE] or given
    if not answers:
        raise _NoLabelError("annotation without a choice")
    value = answers[0].get("value")
    choices: Sequence[Any] = _listed(value.get("choices")) if isinstance(value, Mapping) else []
    if len(answers) > 1 or len(choices) != 1:
        raise _NoLabelError("annotation with several or no choices where one is asked for")
    if not isinstance(choices[0], str | int):
        raise _NoLabelError("annotation whose choice is no text")
    return str(choices[0])


def _record_row(file: str, task: _Task, labels: Mapping[str, str]) -> RawRow:
    fields = _unpacked(task)
    if fields is None:
        return RawRow(file, task.line, problem="damaged record: its data does not hold what was queued")
    if fields.get("id") in (None, "") and task.id is not None:
        fields["id"] = f"task-{task.id}"
    fields |= {key: task.data[key] for key in SAMPLING if task.data.get(key) is not None}
    if labels:
        fields = {key: value for key, value in fields.items() if key not in _LABELS}
        fields |= {"annotations": dict(labels), "source": None, "from_source": fields.get("source")}
    return RawRow(file, task.line, fields)


def _unpacked(task: _Task) -> dict[str, Any] | None:
    """The fields of the record in a task; of one that others made, its data; None where it is damaged."""
    packed = task.data.get(PACKED)
    if not isinstance(packed, str):
        return dict(packed) if isinstance(packed, Mapping) else dict(task.data)
    try:
        value = orjson.loads(packed)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and not _depth_exceeds(value, MAX_DEPTH) else None
