"""Physical lines for ``csv.reader``, which by itself neither bounds a row nor survives a bad one.

A quote that never closes would swallow the file to its end. The feed therefore remembers the lines of the
row under way; past its bounds, or at the end of the file, the row is given up, and the lines that it
swallowed after its first are read again as rows of their own.
"""

from __future__ import annotations

from collections import deque
from typing import BinaryIO, NamedTuple

from guardrank.records import MAX_LINE_BYTES

_MAX_ROW_LINES = 100_000
_MAX_RETRIES = 100
"""How many rows of a file are given back; a file made of stray quotes would otherwise take hours."""
_BOM = b"\xef\xbb\xbf"


class _Line(NamedTuple):
    number: int
    data: bytes


class BadRowError(Exception):
    """The row under way cannot be read; the text says why."""


class LineFeed:
    """Iterates over the decoded lines of ``stream``; raises BadRowError where a row is given up.

    Attributes:
        first: the physical line, from 1, where the row under way starts.
        invalid: whether the row under way holds bytes that are not of the encoding.
    """

    def __init__(self, stream: BinaryIO, encoding: str = "utf-8") -> None:
        self.first, self.invalid = 1, False
        self._encoding = encoding
        self._stream, self._number, self._retries = stream, 0, 0
        self._row: list[_Line] = []
        self._row_bytes = 0
        self._again: deque[_Line] = deque()

    def start_row(self) -> None:
        """Forget the row before: what is read from here on belongs to a new one."""
        self._row, self._row_bytes, self.invalid = [], 0, False
        self.first = self._again[0].number if self._again else self._number + 1

    def give_up_row(self) -> None:
        """Take back all lines of the row but its first, to be read again."""
        self._retries += 1
        if self._retries <= _MAX_RETRIES:
            self._again.extendleft(reversed(self._row[1:]))

    def __iter__(self) -> LineFeed:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        self._row.append(line)
        self._row_bytes += len(line.data)
        if self._row_bytes > MAX_LINE_BYTES or len(self._row) > _MAX_ROW_LINES:
            raise BadRowError("row too long: over 8 MiB or 100,000 lines, is a closing quote missing?")
        return self._decode(line.data)

    def _read(self) -> _Line:
        data = self._stream.readline(MAX_LINE_BYTES + 1)
        if not data and self._row:  # csv.reader asks for more only inside quotes
            raise BadRowError("a quoted cell never closes")
        if not data:
            raise StopIteration
        self._number += 1
        if self._number == 1:
            data = data.removeprefix(_BOM)
        if len(data) > MAX_LINE_BYTES:
            self._skip_line(data)
        return _Line(self._number, data)

    def _skip_line(self, part: bytes) -> None:
        while part and not part.endswith(b"\n"):
            part = self._stream.readline(MAX_LINE_BYTES)

    def _decode(self, data: bytes) -> str:
        try:
            return data.decode(self._encoding)
        except UnicodeDecodeError:
            self.invalid = True
            return data.decode(self._encoding, "replace")
