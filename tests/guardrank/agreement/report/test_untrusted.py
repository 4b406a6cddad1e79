import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from rich.cells import cell_len

from guardrank.agreement.report.untrusted import KEPT, SHOWN, name, passage, visible


def is_unseen(char):
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and char not in "\n\t"


def test_ordinary_text_stays_as_it_is():
    assert visible("gpt-4o (2024) 红色的水壶 مرحبا é") == "gpt-4o (2024) 红色的水壶 مرحبا é"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("safe\u202egnp.exe", "safe⟨U+202E⟩gnp.exe"),
        ("a\u200b\u200bb", "a⟨U+200B ×2⟩b"),
        ("a\x00b\x1b[31m\x7f", "a⟨␀⟩b⟨␛⟩[31m⟨␡⟩"),
        ("one\ntwo\tthree", "one␊two three"),
        ("line\u2028paragraph", "line⟨U+2028⟩paragraph"),
        ("tag\U000e0041\U000e0042", "tag⟨U+E0041⟩⟨U+E0042⟩"),
        ("smuggled\U000e0130", "smuggled⟨U+E0130⟩"),
        ("blank\u3164letter", "blank⟨U+3164⟩letter"),
        ("half\ud800", "half⟨U+D800⟩"),
        ("heart ❤️", "heart ❤️"),
    ],
)
def test_what_cannot_be_seen_is_named(text, shown):
    assert visible(text) == shown


def test_a_line_is_cut_to_its_width_in_columns():
    assert visible("a" * 40, 40) == "a" * 40
    assert visible("a" * 41, 40) == "a" * 39 + "…"
    assert visible("水" * 30, 21) == "水" * 10 + "…"


@given(st.text(max_size=200), st.integers(4, 80))
def test_a_line_never_exceeds_its_width_nor_holds_anything_unseen(text, width):
    line = visible(text, width)
    assert cell_len(line) <= width
    assert not any(is_unseen(char) for char in line)


def test_a_name_is_isolated_escaped_and_says_what_was_cut():
    assert name("<b>&") == Markup("<bdi>&lt;b&gt;&amp;</bdi>")
    assert name("\u202eabc", 60) == Markup('<bdi><i class="unseen">U+202E</i>abc</bdi>')
    assert name("x" * 1_060, 60) == Markup(f'<bdi>{"x" * 60}</bdi>… <span class="cut">(1,000 more)</span>')


def test_a_short_passage_is_shown_whole():
    whole = passage("first <line>\r\nsecond")
    assert whole.shown == "first &lt;line&gt;\nsecond"
    assert (whole.more, whole.unfolds, whole.cut) == ("", 0, 0)


def test_a_long_passage_is_shown_in_part_unfolds_and_counts_what_was_cut():
    text = "".join(chr(ord("a") + place % 26) for place in range(100_000))
    parts = passage(text)
    assert parts.shown == text[:SHOWN]
    assert parts.more == text[SHOWN:KEPT]
    assert (parts.unfolds, parts.cut) == (KEPT - SHOWN, 100_000 - KEPT)


def test_a_run_of_null_bytes_takes_one_name():
    parts = passage("\x00" * 100_000)
    assert parts.shown == '<i class="unseen">␀ ×600</i>'
    assert parts.cut + parts.unfolds + 600 == 100_000


def test_line_breaks_alone_cannot_fill_the_page():
    parts = passage("\n" * 100_000)
    assert parts.shown.count("\n") == SHOWN // 20
    assert parts.shown.count("\n") + parts.unfolds + parts.cut == 100_000


@pytest.mark.parametrize("text", ["\u200b\u202e" * 50_000, '"' * 100_000, "<\x00" * 50_000, "a\u0301" * 50_000])
def test_no_passage_grows_beyond_bounds(text):
    parts = passage(text)
    assert len((parts.shown + parts.more).encode()) < 25_000


@given(st.text(alphabet=st.sampled_from("ab<&\n\t\x00\u202e\u200b水"), max_size=3_000))
def test_no_character_is_lost_or_counted_twice(text):
    parts = passage(text, shown=100, kept=700)
    assert times(parts.shown) + parts.unfolds + parts.cut == len(text)
    assert times(parts.more) == parts.unfolds


def times(html):
    """How many characters of the text ``html`` stands for."""
    pieces = str(html).replace("</i>", '<i class="unseen">').split('<i class="unseen">')
    plain = sum(len(Markup(piece).unescape()) for piece in pieces[::2])
    marks = sum(int(piece.split("×")[1].replace(",", "")) if "×" in piece else 1 for piece in pieces[1::2])
    return plain + marks
