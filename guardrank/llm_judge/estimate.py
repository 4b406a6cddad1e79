"""What judging would cost, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from guardrank.llm_judge.cache import AnswerCache
from guardrank.llm_judge.prices import MILLION, Price, find_price
from guardrank.llm_judge.request import RequestMaker
from guardrank.llm_judge.settings import ChatSettings
from guardrank.llm_judge.tokens import Range, about
from guardrank.records import Record

_SHORTEST_ANSWER = 20
"""Tokens of a short reason and a score."""


@dataclass(frozen=True)
class Estimate:
    """The likely cost of a run.

    Attributes:
        requests: records whose answer would be asked for; alike ones count once.
        cached: records whose answer is there already, or is asked for by one that is alike.
        impossible: records that cannot be asked about (an image is missing...).
        dollars: None where the price is not known.
        as_of: the day that the price is of.
    """

    records: int
    requests: int
    cached: int
    impossible: int
    prompt_tokens: Range
    completion_tokens: Range
    dollars: Range | None
    as_of: date | None

    def __str__(self) -> str:
        tokens = f"{_shown(self.prompt_tokens)} tokens in prompts, {_shown(self.completion_tokens)} in answers"
        cost = (
            f"{self.dollars.low:,.2f} to {self.dollars.high:,.2f} dollars at list prices of {self.as_of}"
            if self.dollars
            else "price unknown"
        )
        impossible = f", {self.impossible:,} cannot be asked about" if self.impossible else ""
        return (
            f"{self.records:,} records: {self.cached:,} answers are cached, {self.requests:,} requests would be "
            f"sent{impossible}; {tokens}; {cost}"
        )


def estimate(settings: ChatSettings, records: Iterable[Record]) -> Estimate:
    """What judging ``records`` would cost; nothing is sent, and no key is needed.

    Token counts follow the rule of thumb in ``guardrank.llm_judge.tokens``. An answer has between 20 tokens and
    ``settings.max_tokens``. Requests that have to be sent again are not foreseen.

    Raises:
        UsageError: a limit on the cost, and no price; or a price file that cannot be read.
    """
    price, maker, cache = find_price(settings), RequestMaker(settings), AnswerCache(settings.cache)
    count = impossible = 0
    prompt, images, keys = Range(0, 0), 0, set[str]()
    for record in records:
        count += 1
        request = maker.make(record)
        if isinstance(request, str):
            impossible += 1
        elif request.key not in keys and not cache.get(request.key):
            keys.add(request.key)
            images += request.images
            prompt = prompt.plus(about(request.texts))
    if price:
        prompt = prompt.plus(Range(images * price.image_tokens.low, images * price.image_tokens.high))
    completion = Range(len(keys) * _SHORTEST_ANSWER, len(keys) * settings.max_tokens)
    return Estimate(
        records=count,
        requests=len(keys),
        cached=count - impossible - len(keys),
        impossible=impossible,
        prompt_tokens=prompt,
        completion_tokens=completion,
        dollars=_dollars(price, prompt, completion) if price else None,
        as_of=price.as_of if price else None,
    )


def _dollars(price: Price, prompt: Range, completion: Range) -> Range:
    return Range(price.dollars(prompt.low, completion.low), price.dollars(prompt.high, completion.high))


def _shown(tokens: Range) -> str:
    if tokens.high >= MILLION:
        return f"{tokens.low / MILLION:,.1f} to {tokens.high / MILLION:,.1f} million"
    return f"{tokens.low:,.0f} to {tokens.high:,.0f}"
