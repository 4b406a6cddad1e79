from math import inf, nan
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from guardrank.agreement.report.charts.svg import element, fixed_drawing, fluid_drawing, points


def test_an_element_with_numbers_and_text():
    drawn = element("text", "a < b", x=1.0, y=2.345, text_anchor="end", class_="label")
    assert drawn == '<text x="1" y="2.35" text-anchor="end" class="label">a &lt; b</text>'


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cn"])))
def test_text_never_becomes_markup(text):
    parsed = ElementTree.fromstring(str(element("text", text, class_=text)))
    assert len(parsed) == 0
    assert (parsed.text or "") == text
    assert parsed.get("class") == text


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_what_is_no_number_is_never_drawn(number):
    with pytest.raises(ValueError, match="only finite numbers"):
        element("circle", cx=number)
    with pytest.raises(ValueError, match="only finite numbers"):
        points([(0, number)])


def test_a_negative_nothing_is_nothing():
    assert element("line", x1=-0.0, x2=-0.001) == '<line x1="0" x2="0"></line>'


@pytest.mark.parametrize(
    "drawing",
    [
        fluid_drawing("k", "a <title>", "what & why", height=10),
        fixed_drawing("k", "a <title>", "what & why", width=20, height=10),
    ],
)
def test_a_drawing_is_an_image_with_a_title_and_a_description(drawing):
    assert isinstance(drawing, Markup)
    root = ElementTree.fromstring(str(drawing))
    named = {each.get("id"): each.text for each in root}
    assert root.get("role") == "img"
    assert named[root.get("aria-labelledby")] == "a <title>"
    assert named[root.get("aria-describedby")] == "what & why"
