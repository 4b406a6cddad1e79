"""Ids: equal to the base tokenizer's own, cut by rule, and free of special tokens from the judged text."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from guardrank.dimensions import TEMPLATES, render
from guardrank.engine import Encoder, load_tokenizer, share_room
from guardrank.errors import JudgeError
from guardrank.judge.base import embedded_base
from guardrank.records import Record

FAMILIES = ["bert", "llama", "roberta"]
SPECIALS = {"bert": (1, 1), "roberta": (1, 1), "llama": (1, 0)}
"""How many special tokens a family puts before and after a text."""

TEXTS = {
    "english": ("What is in the picture?", "A red kettle, and it's on the stove - I think!"),
    "chinese": ("这张图里有几只猫？", "图里没有猫，只有一把红色的水壶。"),
    "mixed": ("How do you say 'dragon'?", "龙 (lóng), e.g. 紫色的龙 means a purple dragon."),
    "unseen": ("Ελληνικά; עברית", "🐉 naïve ﬁﬂ ½ \u200b \x00 ☃"),
    "spaces": ("  two  spaces ", "\tA tab,\r\na line\n\n\nand more.  "),
    "empty prompt": ("", "No."),
    "empty both": ("", ""),
    "long word": ("ab" * 400, "x" * 3000),
}
MANY = 100_000


def record(prompt: str, response: str, **fields) -> Record:
    return Record(prompt=prompt, response=response, dimension="truthfulness", **fields)


def encoder(base, template="paper-truthfulness", max_tokens=MANY, truncation="head_tail") -> Encoder:
    return Encoder(base / "tokenizer.json", template=template, max_tokens=max_tokens, truncation=truncation)


def reference(base) -> PreTrainedTokenizerFast:
    """The same tokenizer as transformers reads it."""
    return PreTrainedTokenizerFast(tokenizer_file=str(base / "tokenizer.json"))


@pytest.mark.parametrize("prompt, response", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("template", TEMPLATES)
def test_ids_equal_those_of_the_base_tokenizer_when_nothing_is_cut(base, template, prompt, response):
    row = record(prompt, response, reference="A kitchen without people.")
    text = render(template, row.template_fields()).text
    (encoded,) = encoder(base, template).encode([row])
    assert encoded.ids == reference(base)(text)["input_ids"]
    assert not encoded.truncated


def test_the_embedded_base_reads_as_its_own_tokenizer_though_that_pads_and_cuts():
    folder = embedded_base()
    assert '"max_length":128' in re.sub(r"\s", "", (folder / "tokenizer.json").read_text("utf-8"))[:400]
    row = record("Which of these is it? " * 40, "这是 a teapot, " * 60)
    text = render("guardrank", row.template_fields()).text
    own = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    (whole,) = encoder(folder, "guardrank").encode([row])
    assert whole.ids == own(text, truncation=False, padding=False, max_length=MANY)["input_ids"]
    (cut,) = encoder(folder, "guardrank", max_tokens=64, truncation="right").encode([row])
    assert cut.ids == own(text, truncation=True, max_length=64)["input_ids"]


@pytest.mark.parametrize("max_tokens", [3, 4, 17, 40])
def test_right_cut_equals_transformers_right_truncation(base, max_tokens):
    for prompt, response in TEXTS.values():
        row = record(prompt * 3, response * 9)
        text = render("paper-truthfulness", row.template_fields()).text
        (encoded,) = encoder(base, max_tokens=max_tokens, truncation="right").encode([row])
        assert encoded.ids == reference(base)(text, truncation=True, max_length=max_tokens)["input_ids"]
        assert encoded.truncated == (len(reference(base)(text)["input_ids"]) > max_tokens)


@pytest.mark.parametrize(
    "text", ["</s>", "[SEP]", "<s>", "<pad>", "[CLS] [PAD] [MASK]", "<mask></s><s>", "a</s>b[SEP]c"]
)
@pytest.mark.parametrize("truncation", ["right", "head_tail"])
def test_special_tokens_in_the_judged_text_stay_text(base, text, truncation):
    plain = Tokenizer.from_file(str(base / "tokenizer.json"))
    names = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "<s>", "<pad>", "</s>", "<mask>"]
    special = {plain.token_to_id(name) for name in names} - {None}
    before, after = SPECIALS[base.name]
    for size in (MANY, 30):
        (encoded,) = encoder(base, max_tokens=size, truncation=truncation).encode(
            [record(text, f"{text} yes {text}")]
        )
        inner = encoded.ids[before : len(encoded.ids) - after]
        assert not special & set(inner)
        assert special.issuperset(encoded.ids[:before])


def test_a_special_token_in_the_text_differs_from_nothing_there(base):
    with_it, without = encoder(base).encode([record("", "yes </s> [SEP] no"), record("", "yes no")])
    assert len(with_it.ids) > len(without.ids) + 2


def test_encoding_one_by_one_equals_encoding_all(base):
    rows = [record(*pair) for pair in TEXTS.values()]
    one = encoder(base, max_tokens=40)
    assert one.encode(rows) == [one.encode([row])[0] for row in rows]
    assert one.encode([]) == []


@pytest.mark.parametrize("max_tokens", [0, 1, 2])
def test_no_room_at_all_is_refused(checkpoints, max_tokens):
    with pytest.raises(JudgeError, match=f"max_tokens {max_tokens} leaves no room"):
        encoder(checkpoints["bert"], max_tokens=max_tokens)


@pytest.mark.parametrize("max_tokens", range(3, 16))
def test_a_length_that_hardly_holds_the_template_still_gives_that_length(base, max_tokens):
    (encoded,) = encoder(base, "guardrank", max_tokens=max_tokens).encode([record("Why? " * 20, "Because. " * 20)])
    assert len(encoded.ids) == max_tokens
    assert encoded.truncated


@pytest.mark.parametrize("content", [None, b"", b"{}", b"not json", b'{"model": {"type": "Nonsense"}}'])
def test_a_tokenizer_that_cannot_be_read_is_a_judge_error(tmp_path, content):
    file = tmp_path / "tokenizer.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(JudgeError, match=r"tokenizer\.json"):
        load_tokenizer(file)


def squeeze(tokenizer: Tokenizer, ids: list[int]) -> str:
    """The text of ``ids`` without blanks and word-piece marks."""
    return re.sub(r"[\s▁]|##", "", tokenizer.decode(ids, skip_special_tokens=False)).lower()


def tokens_after(tokenizer: Tokenizer, ids: list[int], label: str) -> int:
    """How many tokens follow the last ``label``."""
    return next(k for k in range(len(ids)) if squeeze(tokenizer, ids[: len(ids) - k]).endswith(label))


@pytest.mark.parametrize("family", FAMILIES)
@given(prompt=st.integers(0, 120), response=st.integers(0, 160), max_tokens=st.integers(64, 120))
@settings(max_examples=40, deadline=None)
def test_head_tail_keeps_both_ends_the_labels_and_the_share_of_the_response(
    checkpoints, family, prompt, response, max_tokens
):
    base = checkpoints[family]
    tokenizer = load_tokenizer(base / "tokenizer.json")
    before, after = SPECIALS[family]
    row = record("why so " * prompt, " ".join(f"w{i % 7}" for i in range(response)))
    (whole,) = encoder(base, "paper-values").encode([row])
    (cut,) = encoder(base, "paper-values", max_tokens=max_tokens).encode([row])
    (bare,) = encoder(base, "paper-values").encode([record("", "")])

    assert cut.truncated == (len(whole.ids) > max_tokens)
    assert len(cut.ids) == min(len(whole.ids), max_tokens)
    assert cut.ids[:before] == whole.ids[:before]
    assert cut.ids[len(cut.ids) - after :] == whole.ids[len(whole.ids) - after :]
    kept, full = (row.ids[before : len(row.ids) - after] for row in (cut, whole))
    text = squeeze(tokenizer, kept)
    assert text.startswith("dimension:truthfulness") and "prompt:" in text and "answer:" in text

    n, k = tokens_after(tokenizer, full, "answer:"), tokens_after(tokenizer, kept, "answer:")
    said = full[len(full) - n :]
    assert kept[len(kept) - k :] == (said if k == n else said[: (k + 1) // 2] + said[n - k // 2 :])
    room = max_tokens - len(bare.ids)  # two thirds of it, since the response weighs 2 and the prompt 1
    assert k >= min(n, 2 * room // 3 - 1)


@pytest.mark.parametrize("family", FAMILIES)
@given(
    prompt=st.text(max_size=60),
    response=st.text(max_size=120),
    gold=st.none() | st.text(max_size=40),
    max_tokens=st.integers(4, 80),
    template=st.sampled_from(sorted(TEMPLATES)),
    truncation=st.sampled_from(["right", "head_tail"]),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_text_the_length_holds_and_the_flag_says_whether_it_was_cut(
    checkpoints, family, prompt, response, gold, max_tokens, template, truncation
):
    row = record(prompt, response, reference=gold)
    (whole,) = encoder(checkpoints[family], template).encode([row])
    (cut,) = encoder(checkpoints[family], template, max_tokens, truncation).encode([row])
    assert len(cut.ids) == min(len(whole.ids), max_tokens)
    assert cut.truncated == (len(whole.ids) > max_tokens)
    assert cut.truncated or cut.ids == whole.ids
    rest = iter(whole.ids)
    assert all(token in rest for token in cut.ids), "what is kept is not in the order of the text"


@pytest.mark.parametrize(
    "lengths, weights, room, quotas",
    [
        ([5, 5], [1, 1], 20, [5, 5]),  # enough for both
        ([50, 50], [1, 2], 30, [10, 20]),  # by weight
        ([2, 50], [1, 2], 30, [2, 28]),  # what the short one leaves goes to the other
        ([50, 4], [1, 2], 30, [26, 4]),
        ([9, 9, 9], [1, 1, 2], 0, [0, 0, 0]),
        ([3, 3, 3], [1, 1, 1], 4, [1, 1, 2]),  # no token of the room is lost to rounding
        ([], [], 7, []),
    ],
)
def test_share_room(lengths, weights, room, quotas):
    assert share_room(lengths, weights, room) == quotas


@given(
    fields=st.lists(st.tuples(st.integers(0, 300), st.sampled_from([1.0, 2.0])), max_size=5),
    room=st.integers(0, 600),
)
def test_share_room_uses_the_whole_room_and_cuts_no_field_below_its_weight(fields, room):
    lengths, weights = [length for length, _ in fields], [weight for _, weight in fields]
    quotas = share_room(lengths, weights, room)
    assert sum(quotas) == min(room, sum(lengths))
    for quota, length, weight in zip(quotas, lengths, weights, strict=True):
        assert min(length, int(room * weight / sum(weights))) <= quota <= length
