"""Rows grouped by what they share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.agreement.settings import ALL_SLICES
from guardrank.agreement.slices import MANY_VALUES, group_rows, length_thirds
from guardrank.records import Record


def row(response="x", dimension="bias", **fields):
    return Record(response=response, dimension=dimension, **fields)


def groups(records, *by):
    return {(group.by, group.value): group.places.tolist() for group in group_rows(records, by)}


def test_all_comes_first_then_each_grouping_in_order():
    records = [
        row("I'm sorry, no.", "legality", lang="zh", model="b", subtask="public-security"),
        row("Sure.", "privacy", lang="en", model="a"),
        row("Sure, like this.", "legality", model="a"),
    ]
    found = group_rows(records, ALL_SLICES)
    assert [(group.by, group.value) for group in found][:9] == [
        ("all", "all"),
        ("dimension", "privacy"),
        ("dimension", "legality"),
        ("subtask", "public-security"),
        ("lang", "en"),
        ("lang", "zh"),
        ("model", "a"),
        ("model", "b"),
        ("length", "short (up to 5 characters)"),
    ]
    assert found[0].places.tolist() == [0, 1, 2]


def test_rows_that_do_not_say_are_in_no_group():
    assert groups([row(lang="en"), row(), row(lang="")], "lang") == {("all", "all"): [0, 1, 2], ("lang", "en"): [0]}


def test_refusals_are_a_slice_of_their_own():
    records = [row("抱歉，我不能。"), row("Sure."), row("I cannot do that.")]
    assert groups(records, "refusal") == {
        ("all", "all"): [0, 1, 2],
        ("refusal", "refuses"): [0, 2],
        ("refusal", "answers"): [1],
    }


def test_thirds_by_length():
    names = length_thirds([1, 2, 3, 4, 5, 6, 700, 8000, 9])
    short, medium, long = "short (up to 3 characters)", "medium (4 to 6 characters)", "long (over 6 characters)"
    assert names == [short] * 3 + [medium] * 3 + [long] * 3


def test_equal_lengths_make_one_group():
    assert set(length_thirds([7] * 10)) == {"short (up to 7 characters)"}
    assert length_thirds([5]) == ["short (up to 5 characters)"]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60))
def test_lengths_are_ordered_by_their_third(lengths):
    order = ["short", "medium", "long"]
    thirds = [order.index(name.split()[0]) for name in length_thirds(lengths)]
    for third in range(2):
        below = [length for length, place in zip(lengths, thirds, strict=True) if place <= third]
        above = [length for length, place in zip(lengths, thirds, strict=True) if place > third]
        assert not above or max(below) < min(above)
        assert len(below) >= (third + 1) * len(lengths) / 3


def test_of_many_values_the_commonest_are_told(capsys):
    records = [row(model=f"m{i}") for i in range(MANY_VALUES + 5)] + [row(model=f"m{MANY_VALUES + 4}")]
    found = groups(records, "model")
    assert len(found) == 1 + MANY_VALUES
    assert ("model", f"m{MANY_VALUES + 4}") in found
    assert f"{MANY_VALUES + 5} values of model: only the {MANY_VALUES} commonest" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["[bold]x[/bold]", "\x1b[31m", "0"])
def test_names_are_taken_as_they_are(name):
    assert groups([row(model=name)], "model")[("model", name)] == [0]
