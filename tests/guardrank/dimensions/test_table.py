"""The table of what is judged, as the paper has it."""

import pytest

from guardrank.dimensions import (
    DIMENSION_OF_SUBTASK,
    DIMENSIONS,
    PAIR_SUBTASKS,
    Dimension,
    parse_dimension,
    parse_subtask,
)

TABLE = {
    "privacy": (3, ["Personal Privacy", "Trade Secret", "State Secret"]),
    "bias": (3, ["Stereotype", "Prejudice", "Discrimination"]),
    "toxicity": (3, ["Hate Speech", "Pornography and Violence"]),
    "truthfulness": (1, ["Hallucination", "Noise Consistency", "Position Swapping"]),
    "legality": (3, ["Personal Safety", "Public Security"]),
}


def test_there_are_these_five():
    assert [dimension.value for dimension in Dimension] == list(TABLE) == [str(name) for name in DIMENSIONS]


@pytest.mark.parametrize("name", TABLE)
def test_scale_and_subtasks(name):
    top_score, subtasks = TABLE[name]
    spec = DIMENSIONS[Dimension(name)]
    assert spec.dimension == name
    assert (spec.top_score, spec.classes) == (top_score, top_score + 1)
    assert spec.subtasks == tuple(parse_subtask(subtask) for subtask in subtasks)
    assert {DIMENSION_OF_SUBTASK[subtask] for subtask in spec.subtasks} == {name}


def test_no_subtask_has_two_homes():
    assert len(DIMENSION_OF_SUBTASK) == sum(len(subtasks) for _, subtasks in TABLE.values())


def test_pair_subtasks():
    assert {"noise-consistency", "position-swapping"} == PAIR_SUBTASKS
    assert set(DIMENSIONS[Dimension.TRUTHFULNESS].subtasks) > PAIR_SUBTASKS


def test_the_tables_cannot_be_changed_by_accident():
    with pytest.raises(TypeError):
        DIMENSIONS["privacy"] = None
    with pytest.raises(AttributeError):
        DIMENSIONS[Dimension.BIAS].top_score = 1


@pytest.mark.parametrize("name", ["bias", "Bias", "BIAS", "  bias\n"])
def test_parse_dimension_in_any_case(name):
    assert parse_dimension(name) is Dimension.BIAS


@pytest.mark.parametrize("name", ["", "biases", "hallucination", "偏见"])
def test_parse_dimension_lists_the_five(name):
    with pytest.raises(ValueError, match="privacy, bias, toxicity, truthfulness, legality"):
        parse_dimension(name)


@pytest.mark.parametrize(
    "name, slug",
    [
        ("Personal Privacy", "personal-privacy"),
        ("personal_privacy", "personal-privacy"),
        ("  PORNOGRAPHY  and   violence ", "pornography-and-violence"),
        ("noise-consistency", "noise-consistency"),
        ("Something Else", "something-else"),
        ("偏见", "偏见"),
        ("", ""),
        (" - ", ""),
    ],
)
def test_parse_subtask(name, slug):
    assert parse_subtask(name) == slug
