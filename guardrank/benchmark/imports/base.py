"""What every reader of another harness's output makes of it: for each model, cases and what it said.

    file ──rows──> Gathering ──> ImportedRun(model, harness, rows, problems)
                      Imported(case, response)            it answered
                      Imported(case, None, error)         it failed: counted, never lost
                      Problem(place, kind, text)          the row cannot be read

A file that cannot be read is a problem of its model and stops no other.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from guardrank.benchmark.case import Case
from guardrank.benchmark.imports.folders import is_below
from guardrank.benchmark.imports.values import BadValueError, clean_name, text_of
from guardrank.benchmark.models.base import EMPTY
from guardrank.benchmark.problems import Problem
from guardrank.errors import UsageError
from guardrank.records import RawRow
from guardrank.records.record import MAX_TEXT_CHARS

INFERENCE_ERROR = "inference_error"
"""The other harness says that the model failed on this case."""

_DAMAGE = (UsageError, OSError, EOFError, ValueError, RuntimeError, zlib.error)


@dataclass(frozen=True)
class Imported:
    """One case and what the model said, or why it said nothing.

    Attributes:
        error: a slug, such as ``inference_error`` or ``empty``; None where there is a response.
    """

    case: Case
    response: str | None
    error: str | None


@dataclass(frozen=True)
class ImportedRun:
    """What one model said to all its cases.

    Attributes:
        harness: ``mllmguard``, ``vlmevalkit`` or ``lmms-eval``.
        rows: no two of the same case.
        problems: rows that could not be read.
    """

    model: str
    harness: str
    rows: tuple[Imported, ...]
    problems: tuple[Problem, ...]


class Gathering:
    """Collects one model's rows, each case once."""

    def __init__(self, model: str, harness: str) -> None:
        self.model, self.harness = clean_name(model), harness
        self._rows: dict[str, Imported] = {}
        self._places: dict[str, str] = {}
        self._problems: list[Problem] = []

    def read(
        self,
        path: Path,
        root: Path,
        rows: Callable[[Path], Iterable[RawRow]],
        make: Callable[[Mapping[str, Any]], Imported],
        gap: Callable[[], None],
    ) -> None:
        """Add the rows of ``path``; what cannot be used is a problem, and where the file breaks off, so is that.

        Args:
            root: a link that leads out of it is not followed.
            make: a row of its fields; raises BadValueError.
            gap: told of rows that could not be read at all.
        """
        try:
            if not is_below(path, root):
                raise UsageError(f"{path} is no file in {root}, or a link that leads out of it")
            for row in rows(path):
                self._take(row, make, gap)
        except _DAMAGE as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            text = reason if isinstance(error, UsageError) else f"the file cannot be read on: {reason}"
            self._problem(path.name, "unreadable", text)

    def _take(self, row: RawRow, make: Callable[[Mapping[str, Any]], Imported], gap: Callable[[], None]) -> None:
        place = f"{row.file}:{row.line}"
        if row.fields is None:
            gap()
            self._problem(place, "odd_row", row.problem or "the row is empty")
            return
        try:
            self._add(place, make(row.fields))
        except BadValueError as error:
            self._problem(place, error.kind, str(error))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            self._problem(place, "odd_row", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")

    def _add(self, place: str, row: Imported) -> None:
        if row.case.id in self._rows:
            text = f"this case was answered before, in {self._places[row.case.id]}: the first answer counts"
            self._problem(place, "duplicate", text)
        else:
            self._rows[row.case.id], self._places[row.case.id] = row, place

    def _problem(self, place: str, kind: str, text: str) -> None:
        self._problems.append(Problem(place, kind, text))

    def run(self) -> ImportedRun:
        """All that was gathered."""
        return ImportedRun(self.model, self.harness, tuple(self._rows.values()), tuple(self._problems))


def answered(case: Case, response: Any, failed: Callable[[str], bool] | None = None) -> Imported:
    """The row of a response as it stands in a file; ``failed`` knows how the harness writes a failure.

    Raises:
        BadValueError: the response is no text, or longer than any that is read.
    """
    text = text_of(response)
    if text is None or not text.strip():
        return Imported(case, None, EMPTY)
    if failed and failed(text.strip()):
        return Imported(case, None, INFERENCE_ERROR)
    if len(text) > MAX_TEXT_CHARS:
        raise BadValueError("too_long", f"the response has over {MAX_TEXT_CHARS:,} characters")
    return Imported(case, text, None)
