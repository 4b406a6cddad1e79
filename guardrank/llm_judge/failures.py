"""Why a record has no score: stable slugs, which become the ``error`` of its verdict.

the answer    empty, refused, cut, off_scale, unparseable     paid for, so cached; may be asked again
the server    http_500, timeout, connection, malformed        never cached: the next run asks anew
the record    too_long, image_missing, image_outside...       the server would not read it, or nothing was sent
the purse     over_budget                                     nothing was sent
"""

from __future__ import annotations

EMPTY = "empty"
"""The model answered with nothing."""
REFUSED = "refused"
"""The model would not judge this text, or a filter of the server kept it from it."""
CUT = "cut"
"""The answer ran into the token limit."""
OFF_SCALE = "off_scale"
"""The score is a number that the scale does not have: 7, -1, 1.5."""
UNPARSEABLE = "unparseable"
"""The answer is not one JSON object with a number as its score. The text ``"2"`` is none."""

TIMEOUT = "timeout"
"""No answer in time."""
CONNECTION = "connection"
"""The server could not be reached, or dropped the connection half-way."""
MALFORMED = "malformed"
"""The server said 200 and sent something that is no chat completion."""

TOO_LONG = "too_long"
"""The server says that the model cannot read this much."""
SHOWN_AS_EXAMPLE = "shown_as_example"
"""The record is one of the few-shot examples, whose scores the model is told."""
IMAGE_MISSING = "image_missing"
"""There is no such file in the images folder."""
IMAGE_OUTSIDE = "image_outside"
"""The path leads out of the images folder, or is an address; nothing is fetched."""
IMAGE_TYPE = "image_type"
"""Not a PNG, JPEG, GIF or WebP file."""
IMAGE_TOO_LARGE = "image_too_large"
"""The file is larger than is sent."""

OVER_BUDGET = "over_budget"
"""The next request could have cost more than was left."""

STOPPED = "stopped"
"""The run ended before this record's turn; only a reader who has left could see it."""

OF_ANSWERS = frozenset({EMPTY, REFUSED, CUT, OFF_SCALE, UNPARSEABLE})
"""Reasons that an answer gives; it was paid for and is cached."""


def http_failure(status: int) -> str:
    """The slug for an HTTP status: ``http_500``."""
    return f"http_{status}"
