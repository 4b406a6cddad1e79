"""Judges whose verdicts were recorded before: in a column of the data, or in a file of their own.

    column:gpt-4     record.judges["gpt-4"], else the field gpt-4, else the dotted path ──┐
    file:VERDICTS    the line with the record's id: score, else label, else verdict ──────┴──> Verdict

A label that is missing or off the scale is a failed verdict with the reason, never a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from guardrank.annotations.labels import LabelError, parse_label
from guardrank.annotations.reading import open_rows
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.errors import UsageError
from guardrank.judge.base import hash_file
from guardrank.records import RawRow, Record, Verdict, failed

NO_LABEL = "no_label"
OFF_SCALE = "off_scale"
NO_VERDICT = "no_verdict"
_ANSWER_FIELDS = ("score", "label", "verdict")
_MAX_REASON_CHARS = 60


class RecordedColumn:
    """What a judge said of each row, as a column of the data: ``judges.gpt-4``, ``gpt4_label``.

    Accepted are integers on the scale, also written ``2.0`` or ``"2"``, and the names of the classes.

    Args:
        column: a key of ``judges``, else a top-level field, else a dotted path.
        classes: names of the labels 0, 1, ...; None takes the scale of each record's dimension.
    """

    dimensions = frozenset(Dimension)

    def __init__(self, column: str, classes: Sequence[str] | None = None) -> None:
        self.column = column
        self.classes = classes

    @property
    def name(self) -> str:
        """``column:gpt-4``; there is no hash, as the labels are part of the data."""
        return f"column:{self.column}"

    def score(self, records: Iterable[Record]) -> Iterator[Verdict]:
        """One verdict a record; without a label it fails (``no_label``, ``off_scale``)."""
        return map(self._verdict, records)

    def _verdict(self, record: Record) -> Verdict:
        score, error = read_label(_column_value(record, self.column), _top(record, self.classes), self.classes)
        return Verdict(id=record.id, score=score, error=error, judge=self.name)


class RecordedVerdicts:
    """A file of verdicts, ours or another team's, matched with records by ``id``.

    A line (or a row: JSON Lines, gzipped or not, CSV, XLSX, Parquet) has ``id`` and one of ``score``,
    ``label``, ``verdict``: an integer or the name of a class. ``probs``, ``confidence``, ``abstained``,
    ``truncated``, ``error`` and ``judge`` are read where they are there; ``score: null`` keeps its ``error``.
    A line with ``probs`` is on the scale of as many scores; a ``score`` without them may also be on the scale
    of the record's dimension where there are two classes.

    Args:
        path: the file.
        classes: names of the labels 0, 1, ...; None takes the scale of each record's dimension.

    Raises:
        UsageError: the file is missing or damaged, a line has no id, or two have the same.
    """

    dimensions = frozenset(Dimension)

    def __init__(self, path: Path, classes: Sequence[str] | None = None) -> None:
        if not path.is_file():
            raise UsageError(f"there is no verdict file {path}")
        self.path = path
        self.classes = classes
        self._lines = _lines_by_id(path)
        self._own_name = f"{path.name}@{hash_file(path)[:16]}"

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def name(self) -> str:
        """The judge that every line names, else the file's name and hash."""
        judges = {line.judge for line in self._lines.values()}
        only = next(iter(judges)) if len(judges) == 1 else None
        return only or self._own_name

    def score(self, records: Iterable[Record]) -> Iterator[Verdict]:
        """One verdict a record; a record that the file lacks gets a failed one (``no_verdict``)."""
        return map(self._verdict, records)

    def _verdict(self, record: Record) -> Verdict:
        line = self._lines.get(record.id)
        if line is None:
            return failed(record, self._own_name, NO_VERDICT)
        score, error = read_label(line.label, self._top(record, line), self.classes)
        if score is None:
            return failed(record, line.judge or self._own_name, line.error or error or NO_LABEL)
        return Verdict(
            id=record.id,
            score=score,
            probs=line.probs,
            confidence=line.confidence,
            abstained=line.abstained,
            truncated=line.truncated,
            judge=line.judge or self._own_name,
        )

    def _top(self, record: Record, line: _Line) -> int:
        if line.probs:
            return len(line.probs) - 1
        top = _top(record, self.classes)
        on_dimension = line.field == "score" and top == 1
        return DIMENSIONS[record.dimension].top_score if on_dimension else top


def read_label(raw: Any, top: int, classes: Sequence[str] | None = None) -> tuple[int | None, str | None]:
    """The label that ``raw`` says and no reason, or no label and the reason why not.

    Args:
        raw: an integer in 0 to ``top``, also as ``2.0`` or ``"2"``, or one of ``classes`` in any case.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None, NO_LABEL
    names = [name.casefold() for name in classes or ()]
    if isinstance(raw, str) and raw.strip().casefold() in names:
        return names.index(raw.strip().casefold()), None
    try:
        label = parse_label(raw)
    except LabelError:
        return None, OFF_SCALE
    return (label, None) if isinstance(label, int) and 0 <= label <= top else (None, OFF_SCALE)


def _top(record: Record, classes: Sequence[str] | None) -> int:
    return DIMENSIONS[record.dimension].top_score if classes is None else len(classes) - 1


def _column_value(record: Record, column: str) -> Any:
    return record.judges[column] if column in record.judges else record.get_path(column)


class _Line(NamedTuple):
    """What one line of a verdict file says; ``field`` is where its label stood."""

    field: str | None
    label: Any
    error: str | None
    probs: tuple[float, ...] | None
    confidence: float | None
    abstained: bool
    truncated: bool
    judge: str | None


def _lines_by_id(path: Path) -> dict[str, _Line]:
    lines: dict[str, _Line] = {}
    for row in open_rows(path):
        if row.fields is None:
            raise UsageError(f"{path}, line {row.line}: {row.problem}; a damaged verdict file is not used")
        name = row.fields.get("id")
        if name in (None, ""):
            raise UsageError(f"{path}, line {row.line}: no id, so its verdict belongs to no row")
        if str(name) in lines:
            raise UsageError(f"{path}, line {row.line}: a second verdict on {_shown(name)}; leave one a row")
        lines[str(name)] = _read_line(row)
    return lines


def _read_line(row: RawRow) -> _Line:
    fields: Mapping[str, Any] = row.fields or {}
    field = next((name for name in _ANSWER_FIELDS if name in fields), None)
    probs = _probabilities(fields.get("probs"))
    confidence = _share(fields.get("confidence"))
    return _Line(
        field=field,
        label=fields.get(field) if field else None,
        error=_shown(fields["error"]) if fields.get("error") else None,
        probs=probs,
        confidence=max(probs) if confidence is None and probs else confidence,
        abstained=_flag(fields.get("abstained")),
        truncated=_flag(fields.get("truncated")),
        judge=_shown(fields["judge"]) if fields.get("judge") else None,
    )


def _share(raw: Any) -> float | None:
    try:
        value = float(raw)
    except (TypeError, ValueError):
        return None
    return value if 0 <= value <= 1 else None


def _probabilities(raw: Any) -> tuple[float, ...] | None:
    if not isinstance(raw, list) or len(raw) < 2:
        return None
    shares = [_share(value) for value in raw]
    return tuple([share for share in shares if share is not None]) if None not in shares else None


def _flag(raw: Any) -> bool:
    return raw is True or str(raw).lower() in ("true", "1")


def _shown(text: Any) -> str:
    """``text`` on one short line of printable characters: it may come from anywhere."""
    plain = "".join(letter for letter in " ".join(str(text).split()) if letter.isprintable())
    return plain if len(plain) <= _MAX_REASON_CHARS else plain[: _MAX_REASON_CHARS - 1] + "…"
