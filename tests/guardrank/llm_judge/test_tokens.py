"""Token counts: the rule of thumb, and the bound that holds for tokenizers on bytes."""

from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from guardrank.llm_judge.tokens import Range, about, at_most


def test_the_rule():
    # 400 Latin characters are 100 tokens, 30 Chinese ones 30, a message 4: 134, from 3/4 to 3/2
    assert about(["a" * 400 + "中" * 30]) == Range(100, 201)
    assert about([]) == Range(0, 0)
    assert about(["abcd", "abcd"]) == Range(7, 15)  # 1 + 4 each are 10: 7.5 to 15


def test_the_bound():
    assert at_most(["abc", "中"]) == 3 + 3 + 2 * 32


def _byte_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(["the kettle is on the stove"], trainer)
    return tokenizer


_TOKENIZER = _byte_tokenizer()


@given(st.text())
def test_no_tokenizer_on_bytes_makes_more_tokens_than_the_bound(text):
    assert len(_TOKENIZER.encode(text).ids) <= at_most([text])
