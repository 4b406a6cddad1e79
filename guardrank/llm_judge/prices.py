"""data/prices.yaml: what models cost, by list price, on the day that it says."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from guardrank.errors import UsageError
from guardrank.llm_judge.settings import ChatSettings
from guardrank.llm_judge.tokens import Range

MILLION = 1_000_000


class Price(BaseModel):
    """Dollars for a million tokens, without discounts.

    Attributes:
        input: of the prompt.
        output: of the answer, thinking included.
        image: tokens that one image is charged as, at least and at most.
        as_of: the day of the list that it stands in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    image: tuple[int, int] = (85, 50_000)
    as_of: date | None = None

    def dollars(self, prompt_tokens: float, completion_tokens: float) -> float:
        """What so many tokens cost."""
        return (prompt_tokens * self.input + completion_tokens * self.output) / MILLION

    @property
    def image_tokens(self) -> Range:
        """``image`` as a range."""
        return Range(*self.image)


class PriceList(BaseModel):
    """Prices of one day: base URL -> model -> price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: date
    source: str
    prices: dict[str, dict[str, Price]]


def find_price(settings: ChatSettings) -> Price | None:
    """The price of the model that ``settings`` name: the user's file goes first; None if neither has it.

    Raises:
        UsageError: there is a limit on the cost and no price; or the user's file cannot be read.
    """
    lists = [_read(settings.prices)] if settings.prices else []
    for each in [*lists, shipped_prices()]:
        if price := each.prices.get(settings.base_url, {}).get(settings.model):
            return price.model_copy(update={"as_of": each.as_of})
    if settings.max_cost is not None:
        raise UsageError(
            f"no price is known for {settings.model} at {settings.base_url}, so its cost cannot be limited: "
            "give one with --prices FILE, a file of the form of data/prices.yaml (0 for a server of your own)"
        )
    return None


@cache
def shipped_prices() -> PriceList:
    """The list of data/prices.yaml."""
    return _parse((files("guardrank.data") / "prices.yaml").read_text(encoding="utf-8"), "data/prices.yaml")


def _read(path: Path) -> PriceList:
    if not path.is_file():
        raise UsageError(f"there is no price file {path}")
    return _parse(path.read_text(encoding="utf-8"), str(path))


def _parse(text: str, where: str) -> PriceList:
    try:
        return PriceList.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise UsageError(f"{where} cannot be read: {' '.join(str(error).split())[:200]}") from None
