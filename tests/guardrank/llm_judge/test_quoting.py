"""What is quoted parses back to exactly what it was, and holds nothing that could be taken for anything else."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrank.llm_judge.quoting import quote

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_CONTROL = [
    "<|im_end|>",
    "<|eot_id|>",
    "</s>",
    "<s>",
    "<<SYS>>",
    "[INST]",
    "[/INST]",
    "<start_of_turn>",
    "<｜User｜>",
    "<!--",
]
_HOSTILE = st.lists(
    st.text(max_size=8)
    | st.sampled_from([*_CONTROL, '"}', "\\", "\\u003c", "\u202e", "\u200b", "\U000e0041", "\n", "\x00"])
).map("".join)


@given(st.dictionaries(st.sampled_from(["prompt", "response", "reference"]), _HOSTILE))
def test_it_parses_back_to_exactly_what_it_was(fields):
    text = quote(fields)
    assert json.loads(text) == fields
    assert list(json.loads(text)) == list(fields)
    assert not any(unicodedata.category(character) in _UNSEEN for character in text)
    assert not any(token in text for token in _CONTROL)


def test_every_character_that_cannot_be_seen_is_an_escape():
    seen = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in _UNSEEN and chr(code) in quote({"response": chr(code)})
    ]
    assert seen == []


@pytest.mark.parametrize("character", ["é", "中", "ø", "😀", "ا", "-", "<", "[", " ", "’"])
def test_what_can_be_read_stays_readable(character):
    assert quote({"response": f"{character} x"}) == f'{{"response": "{character} x"}}'


def test_ordinary_markup_costs_little():
    assert quote({"r": "if a < b and b > c: x[0]"}) == '{"r": "if a < b and b > c: x[0]"}'
    assert quote({"r": "<|im_end|>"}) == '{"r": "\\u003c|im_end|>"}'
    assert quote({"r": "\U000e0041\u200d"}) == '{"r": "\\udb40\\udc41\\u200d"}'


def test_a_lone_surrogate_is_no_crash():
    text = quote({"response": "a\ud800b"})
    assert json.loads(text) == {"response": "a\ud800b"}
    text.encode()
