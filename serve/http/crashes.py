"""What the log says of an exception that nobody expected: types and places, outermost error first.

[{"type": "RuntimeError", "frames": ["/.../batcher.py:131 _score", ...]}]

An exception's message may hold what was judged (``could not convert 'the response'``), so none is ever written.
"""

from __future__ import annotations

import traceback
from typing import Any

MAX_ERRORS = 8
MAX_FRAMES = 30
"""Of each error, the innermost: a RecursionError has a thousand."""


def crash_lines(error: BaseException) -> list[dict[str, Any]]:
    """The error and those that it came from."""
    lines: list[dict[str, Any]] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < MAX_ERRORS:
        lines.append({"type": type(cause).__name__, "frames": _frames(cause)})
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return lines


def _frames(error: BaseException) -> list[str]:
    places = [
        f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return places[-MAX_FRAMES:]
