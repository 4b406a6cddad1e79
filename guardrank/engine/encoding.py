"""From a record to token ids: render the template, tokenise, cut what is too long, add special tokens.

Training and every engine share this path, so a judge reads the same ids everywhere. Text under judgement
cannot smuggle in special tokens: ``</s>`` or ``[SEP]`` inside a response are ordinary characters.

Two cutting rules: ``right`` (as published) keeps the first tokens of the whole text; ``head_tail`` shares
the room among the fields, the response first, and keeps the head and the tail of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from tokenizers import Encoding, Tokenizer

from guardrank.dimensions import Rendered, render
from guardrank.errors import JudgeError
from guardrank.records import Record

Truncation = Literal["head_tail", "right"]
_WEIGHTS = {"response": 2.0}
"""Share of the room that a field gets when all are too long; 1 where not named."""


class Encoded(NamedTuple):
    """Token ids with special tokens, and whether anything was cut."""

    ids: list[int]
    truncated: bool


class Encoder:
    """Turns records into token ids for one judge.

    Args:
        tokenizer_file: a ``tokenizer.json``.
        template: a key of ``guardrank.dimensions.TEMPLATES``.
        max_tokens: longest input, special tokens included.
        truncation: the cutting rule.
    """

    def __init__(
        self, tokenizer_file: Path, *, template: str, max_tokens: int, truncation: Truncation = "head_tail"
    ) -> None:
        self._tokenizer = load_tokenizer(tokenizer_file)
        self._prefix, self._suffix = _special_ids(self._tokenizer)
        self.template = template
        self.truncation = truncation
        self.room = max_tokens - len(self._prefix) - len(self._suffix)
        if self.room < 1:
            raise JudgeError(f"max_tokens {max_tokens} leaves no room for text")

    def encode(self, records: Sequence[Record]) -> list[Encoded]:
        """One Encoded for each record, in order; tokenised in parallel."""
        rendered = [render(self.template, record.template_fields()) for record in records]
        encodings = self._tokenizer.encode_batch([r.text for r in rendered], add_special_tokens=False)
        return [self._finish(*pair) for pair in zip(encodings, rendered, strict=True)]

    def _finish(self, encoding: Encoding, rendered: Rendered) -> Encoded:
        ids = list(encoding.ids)
        truncated = len(ids) > self.room
        if truncated:
            keep = range(self.room) if self.truncation == "right" else self._head_tail(encoding, rendered)
            ids = [ids[i] for i in keep]
        return Encoded([*self._prefix, *ids, *self._suffix], truncated)

    def _head_tail(self, encoding: Encoding, rendered: Rendered) -> list[int]:
        owners = _token_owners(encoding, rendered)
        fields = [[i for i, owner in enumerate(owners) if owner == f] for f in range(len(rendered.spans))]
        literal = [i for i, owner in enumerate(owners) if owner < 0]
        weights = [_WEIGHTS.get(span.field, 1.0) for span in rendered.spans]
        quotas = share_room([len(tokens) for tokens in fields], weights, max(0, self.room - len(literal)))
        kept = [_ends(tokens, quota) for tokens, quota in zip(fields, quotas, strict=True)]
        return sorted(literal + [i for tokens in kept for i in tokens])[: self.room]


def load_tokenizer(file: Path) -> Tokenizer:
    """The tokenizer in ``file``, without the padding and cutting rules that some carry.

    Raises:
        JudgeError: the file is missing, or is none.
    """
    if not file.is_file():
        raise JudgeError(f"there is no {file}: copy the whole folder again")
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001 (the library raises nothing narrower)
        raise JudgeError(f"{file} cannot be read: {error}") from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True
    return tokenizer


def _special_ids(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """The ids that the tokenizer puts before and after one text."""
    encoding = tokenizer.encode("a", add_special_tokens=True)
    text = [i for i, special in enumerate(encoding.special_tokens_mask) if not special]
    return list(encoding.ids[: text[0]]), list(encoding.ids[text[-1] + 1 :])


def _token_owners(encoding: Encoding, rendered: Rendered) -> list[int]:
    """For each token the index of the field that its last character lies in, -1 for the template's own."""
    owners = []
    for _, stop in encoding.offsets:
        inside = (n for n, span in enumerate(rendered.spans) if span.start < stop <= span.stop)
        owners.append(next(inside, -1))
    return owners


def share_room(lengths: Sequence[int], weights: Sequence[float], room: int) -> list[int]:
    """Split ``room`` tokens by weight; what a short field leaves over goes to the longer ones."""
    quotas = [0] * len(lengths)
    left, weight = room, sum(weights)
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i] / weights[i]):
        quotas[i] = min(lengths[i], int(left * weights[i] / weight + 1e-9))
        left, weight = left - quotas[i], weight - weights[i]
    return quotas


def _ends(tokens: list[int], quota: int) -> list[int]:
    """The first half and the last half of ``quota`` tokens."""
    if quota >= len(tokens):
        return tokens
    head = (quota + 1) // 2
    return tokens[:head] + tokens[len(tokens) - (quota - head) :]
