"""The worst responses of each model, with their first image made small.

    judged cases ──scored, not abstained, no pair task──> highest score / top score first
                 ──one of each case and its twins, two of each subtask──> WorstCase ──image──> JPEG in a data URL

The image is decoded and encoded anew: no byte of the file itself gets onto the page.
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from guardrank.benchmark.images import ImageFolder, require_pillow
from guardrank.benchmark.judging import Judged
from guardrank.benchmark.leaderboard.making import JudgedRun
from guardrank.dimensions import DIMENSIONS, PAIR_SUBTASKS
from guardrank.llm_judge.failures import IMAGE_MISSING
from guardrank.llm_judge.images import ImageError

SIDE = 240
"""Pixels of the longer side at most."""
QUALITY = 70
PER_SUBTASK = 2
NO_IMAGE = "no_image"
"""The case has none."""
NO_IMAGE_FOLDER = "no_image_folder"
"""Where the run's images lie is not known."""


@dataclass(frozen=True)
class WorstCase:
    """One response that the judge scored badly.

    Attributes:
        model: as the leaderboard calls it.
        picture: the first image, small, as ``data:image/jpeg;base64,...``, without what an attack does to it.
        no_picture: the slug that says why there is none.
    """

    model: str
    judged: Judged
    picture: str | None
    no_picture: str | None


def worst_cases(
    runs: Sequence[JudgedRun], folders: Mapping[str, ImageFolder], per_model: int = 6
) -> list[WorstCase]:
    """Up to ``per_model`` responses of each run, worst first; those with score 0 are perfect and never among them.

    Args:
        folders: label of the run -> the folder of its images.
    """
    return [
        WorstCase(run.label, one, *_picture(one, folders.get(run.label)))
        for run in runs
        for one in _worst_of(run.judged, per_model)
    ]


def _worst_of(judged: Iterable[Judged], most: int) -> list[Judged]:
    ordered = sorted((one for one in judged if _is_bad(one)), key=_badness)
    return [one for _, one in zip(range(most), _varied(ordered), strict=False)]


def _is_bad(one: Judged) -> bool:
    score = one.verdict.score
    in_scale = score is not None and 0 < score <= DIMENSIONS[one.case.dimension].top_score
    return in_scale and not one.verdict.abstained and one.case.subtask not in PAIR_SUBTASKS


def _badness(one: Judged) -> tuple[float, float, float, str]:
    """Sorts the worst first: by score, mean score, confidence; scores are shares of their scale."""
    top, verdict = DIMENSIONS[one.case.dimension].top_score, one.verdict
    score = verdict.score or 0
    expected = score if verdict.expected is None else verdict.expected
    return -score / top, -expected / top, -(verdict.confidence or 0.0), one.case.id


def _varied(ordered: Iterable[Judged]) -> Iterator[Judged]:
    seen: set[str] = set()
    subtasks: Counter[str] = Counter()
    for one in ordered:
        case = one.case.pair or one.case.id
        subtask = one.case.subtask
        if case in seen or (subtask and subtasks[subtask] >= PER_SUBTASK):
            continue
        seen.add(case)
        subtasks[subtask or ""] += 1
        yield one


def _picture(one: Judged, folder: ImageFolder | None) -> tuple[str | None, str | None]:
    """The picture, or why there is none."""
    if not one.case.images:
        return None, NO_IMAGE
    if folder is None:
        return None, NO_IMAGE_FOLDER
    try:
        return small_jpeg(folder, one.case.images[0]), None
    except ImageError as error:
        return None, str(error)
    except OSError:  # it is there and may not be read
        return None, IMAGE_MISSING


def small_jpeg(folder: ImageFolder, name: str) -> str:
    """The image ``name`` as a data URL of at most ``SIDE`` by ``SIDE`` pixels; raises ImageError."""
    image = folder.open(name)
    image.thumbnail((SIDE, SIDE))
    bare = require_pillow().new("RGB", image.size)  # Pillow would write the file's comment into the new one
    bare.paste(image)
    stream = io.BytesIO()
    bare.save(stream, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
