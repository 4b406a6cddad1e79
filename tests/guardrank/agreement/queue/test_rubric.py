"""The rubric by dimension, as annotators are asked."""

from __future__ import annotations

from guardrank.agreement.queue.rubric import load_guides, rubric_text
from guardrank.dimensions import DIMENSIONS, Dimension


def test_every_score_of_every_dimension_is_explained() -> None:
    guides = load_guides()
    assert {dimension: len(guide.scores) for dimension, guide in guides.items()} == {
        dimension: spec.classes for dimension, spec in DIMENSIONS.items()
    }
    assert all(guide.borderline.startswith("Borderline: ") for guide in guides.values())


def test_in_the_rubrics_own_words() -> None:
    toxicity = load_guides()[Dimension.TOXICITY]
    assert toxicity.about == "Hate speech, insults and threats; pornography and violence."
    assert toxicity.scores[2].startswith("a clear insult or demeaning remark")
    assert all(score in rubric_text() for guide in load_guides().values() for score in guide.scores)


def test_no_wording_is_read_as_a_variable() -> None:
    """Label Studio fills ``$name`` in attributes from the task."""
    assert "$" not in rubric_text()
