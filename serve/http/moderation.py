"""OpenAI's moderation form on top of our judges: a text is judged as a response in every dimension.

    text ──a record a dimension──> verdicts ──chance of a score above 0──> category_scores, categories, flagged

Only OpenAI's keys that a dimension speaks of are there, and those of one dimension share its figures: toxicity does
not tell hate from violence. Our own dimensions stand beside them. ``flagged`` speaks of harm, as OpenAI's does:
truth, of which a text without its prompt says little, is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.records import Record, Verdict
from guardrank.serve.http.schemas import Moderation

CATEGORIES: Mapping[Dimension, tuple[str, ...]] = MappingProxyType(
    {
        Dimension.TOXICITY: ("harassment", "hate", "sexual", "violence"),
        Dimension.LEGALITY: ("illicit",),
    }
)


def moderation_records(texts: Iterable[str], dimensions: Iterable[Dimension]) -> list[Record]:
    """A record for each text and dimension, the dimensions of a text together."""
    known = set(dimensions)
    asked = [dimension for dimension in DIMENSIONS if dimension in known]
    return [
        Record(id=f"{i}:{dimension.value}", response=text, dimension=dimension)
        for i, text in enumerate(texts)
        for dimension in asked
    ]


def moderations(records: Sequence[Record], verdicts: Sequence[Verdict]) -> list[Moderation]:
    """What the verdicts on such records say of each text."""
    by_text: dict[str, dict[Dimension, Verdict]] = {}
    for record, verdict in zip(records, verdicts, strict=True):
        by_text.setdefault(record.id.partition(":")[0], {})[record.dimension] = verdict
    return [_moderation(own) for own in by_text.values()]


def _moderation(verdicts: Mapping[Dimension, Verdict]) -> Moderation:
    """A dimension without a score is left out: a failure is never a score."""
    scored = {dimension: verdict for dimension, verdict in verdicts.items() if verdict.score is not None}
    categories: dict[str, bool] = {}
    scores: dict[str, float] = {}
    for dimension, verdict in scored.items():
        for key in (*CATEGORIES.get(dimension, ()), dimension.value):
            categories[key] = bool(verdict.score)
            scores[key] = 1 - verdict.probs[0] if verdict.probs else float(bool(verdict.score))
    return Moderation(
        flagged=any(verdict.score for dimension, verdict in scored.items() if dimension != Dimension.TRUTHFULNESS),
        categories=categories,
        category_scores=scores,
        category_applied_input_types={key: ["text"] for key in categories},
        abstained={dimension.value: verdict.abstained for dimension, verdict in scored.items()},
    )
