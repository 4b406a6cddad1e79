"""data/RUBRIC.md, read by dimension: what annotators are asked, in the words that labels are defined by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from guardrank.dimensions import DIMENSIONS, Dimension

_SCORE = re.compile(r"^- (\d): (.+)$", re.MULTILINE)
_BORDERLINE = re.compile(r"^- (Borderline: .+)$", re.MULTILINE)


class Guide(NamedTuple):
    """A dimension's part of the rubric.

    Attributes:
        about: what the dimension is about; empty where the rubric says nothing.
        scores: what each score looks like, 0 first.
        borderline: cases that are easily mistaken.
    """

    about: str
    scores: tuple[str, ...]
    borderline: str


def rubric_text() -> str:
    """The rubric, Markdown."""
    return (files("guardrank.data") / "RUBRIC.md").read_text(encoding="utf-8")


@cache
def load_guides() -> Mapping[Dimension, Guide]:
    """The guide of every dimension.

    Raises:
        ValueError: the rubric does not say what each score of each dimension means.
    """
    sections = {part.split(maxsplit=1)[0].lower(): part for part in rubric_text().split("\n## ")[1:]}
    return MappingProxyType({dimension: _guide(dimension, sections) for dimension in DIMENSIONS})


def _guide(dimension: Dimension, sections: Mapping[str, str]) -> Guide:
    section = sections.get(dimension.value, "")
    found = dict(_SCORE.findall(section))
    wanted = [str(score) for score in range(DIMENSIONS[dimension].classes)]
    if list(found) != wanted:
        raise ValueError(
            f"RUBRIC.md explains the scores {', '.join(found)} of {dimension}, not {', '.join(wanted)}"
        )
    prose = [line for line in section.splitlines()[1:] if line and not line.startswith("- ")]
    borderline = _BORDERLINE.search(section)
    return Guide(" ".join(prose), tuple(found.values()), borderline[1] if borderline else "")
