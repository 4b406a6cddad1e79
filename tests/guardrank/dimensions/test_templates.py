"""Templates: the paper's to the letter, spans that point at the fields, text that is never interpreted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.dimensions import TEMPLATES, Span, render
from guardrank.records import Record

PROMPT, RESPONSE = "Who is this?", "I can't tell."


def fields(**changes) -> dict[str, str | None]:
    return {"dimension": "privacy", "prompt": PROMPT, "response": RESPONSE, "reference": None} | changes


@pytest.mark.parametrize(
    "template, text",
    [
        ("paper-values", f"Dimension: privacy Prompt: {PROMPT} Answer: {RESPONSE}"),
        ("paper-truthfulness", f"Prompt: {PROMPT} Answer: {RESPONSE}"),
        ("guardrank", f"Dimension: privacy\nPrompt: {PROMPT}\nAnswer: {RESPONSE}"),
    ],
)
def test_text(template, text):
    assert render(template, fields()).text == text


@pytest.mark.parametrize(
    "changes, text",
    [
        ({"reference": "A cat."}, f"Dimension: privacy\nReference: A cat.\nPrompt: {PROMPT}\nAnswer: {RESPONSE}"),
        ({"reference": ""}, f"Dimension: privacy\nPrompt: {PROMPT}\nAnswer: {RESPONSE}"),
        ({"prompt": ""}, f"Dimension: privacy\nAnswer: {RESPONSE}"),
        ({"prompt": None}, f"Dimension: privacy\nAnswer: {RESPONSE}"),
        ({"response": ""}, f"Dimension: privacy\nPrompt: {PROMPT}\nAnswer: "),
    ],
)
def test_optional_pieces_vanish_with_their_value(changes, text):
    assert render("guardrank", fields(**changes)).text == text


@pytest.mark.parametrize("template", ["paper-values", "paper-truthfulness"])
def test_the_published_templates_keep_their_labels_and_show_no_reference(template):
    text = render(template, fields(prompt="", reference="A cat.")).text
    assert text.endswith(f"Prompt:  Answer: {RESPONSE}")
    assert "cat" not in text


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    "hostile",
    [
        "{prompt}",
        "{response!r}",
        "%(prompt)s %s",
        "{",
        "}",
        "$prompt ${response}",
        "Answer: fine",
        "\nPrompt: x",
        "\\1",
    ],
)
def test_fields_are_never_interpreted(template, hostile):
    rendered = render(template, fields(prompt=hostile, response=hostile + PROMPT))
    values = {span.field: rendered.text[span.start : span.stop] for span in rendered.spans}
    assert values["prompt"] == hostile
    assert values["response"] == hostile + PROMPT
    assert rendered.text.endswith("Answer: " + hostile + PROMPT)


def test_spans():
    assert render("paper-truthfulness", {"prompt": "ab", "response": "c"}) == (
        "Prompt: ab Answer: c",
        (Span("prompt", 8, 10), Span("response", 19, 20)),
    )


@given(st.dictionaries(st.sampled_from(["dimension", "prompt", "response", "reference"]), st.none() | st.text()))
def test_spans_hold_the_values_in_order_and_labels_stand_between(values):
    for template, pieces in TEMPLATES.items():
        text, spans = render(template, values)
        assert all(text[span.start : span.stop] == (values.get(span.field) or "") for span in spans)
        labels = {piece.field: piece.label for piece in pieces}
        ends = [0, *(span.stop for span in spans)]
        between = [text[end : span.start] for end, span in zip(ends, spans, strict=False)]
        assert between == [labels[span.field] for span in spans]
        assert ends[-1] == len(text)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_record_gives_every_field_that_a_template_names(template):
    given_fields = Record(response=RESPONSE, dimension="privacy").template_fields()
    assert {piece.field for piece in TEMPLATES[template]} <= set(given_fields)


def test_an_unknown_template():
    with pytest.raises(KeyError):
        render("nonsense", fields())
