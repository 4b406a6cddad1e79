"""Prices: the shipped list, the user's own that goes first, and no price."""

from datetime import date

import pytest

from guardrank.errors import UsageError
from guardrank.llm_judge import ChatSettings
from guardrank.llm_judge.prices import find_price, shipped_prices
from guardrank.llm_judge.settings import OPENAI_URL

OWN = """
as_of: 2026-11-20
source: our contract
prices:
  https://api.openai.com/v1:
    gpt-4o: {input: 1.0, output: 2.0}
  http://localhost:8000/v1:
    llama: {input: 0, output: 0, image: [0, 0]}
"""


def settings(tmp_path, **fields):
    return ChatSettings(cache=tmp_path, **{"model": "gpt-4o"} | fields)


def test_the_shipped_list(tmp_path):
    listed = shipped_prices()
    assert date(2025, 1, 1) < listed.as_of <= date.today()
    assert set(listed.prices) == {OPENAI_URL}
    price = find_price(settings(tmp_path))
    assert (price.input, price.output, price.as_of) == (2.5, 10.0, listed.as_of)
    assert find_price(settings(tmp_path, model="gpt-4o-2024-05-13")).input == 5.0  # a snapshot with its own price
    for price in listed.prices[OPENAI_URL].values():
        assert 0 < price.input < price.output
        assert 0 < price.image[0] < price.image[1]


def test_dollars_by_hand(tmp_path):
    # 1,200 x 2.50 / 1,000,000 + 30 x 10 / 1,000,000 = 0.003 + 0.0003
    assert find_price(settings(tmp_path)).dollars(1200, 30) == pytest.approx(0.0033)


def test_the_users_own_go_first(tmp_path):
    (tmp_path / "own.yaml").write_text(OWN)
    own = {"prices": tmp_path / "own.yaml"}
    price = find_price(settings(tmp_path, **own))
    assert (price.input, price.output, price.as_of) == (1.0, 2.0, date(2026, 11, 20))
    assert find_price(settings(tmp_path, model="gpt-4", **own)).input == 30.0  # the shipped one
    local = find_price(settings(tmp_path, model="llama", base_url="http://localhost:8000/v1/", max_cost=1, **own))
    assert local.dollars(10**6, 10**6) == 0.0


def test_a_model_has_the_price_of_its_own_server_only(tmp_path):
    assert find_price(settings(tmp_path, base_url="https://elsewhere.example/v1")) is None
    assert find_price(settings(tmp_path, model="unheard-of")) is None


def test_no_price_and_a_limit(tmp_path):
    with pytest.raises(UsageError, match=r"unheard-of at https.*--prices FILE"):
        find_price(settings(tmp_path, model="unheard-of", max_cost=1.0))


@pytest.mark.parametrize("text", ["as_of: yesterday", "[", "a: 1", OWN.replace("1.0", "-1")])
def test_a_price_file_that_cannot_be_read(tmp_path, text):
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"own\.yaml cannot be read"):
        find_price(settings(tmp_path, prices=tmp_path / "own.yaml"))
    with pytest.raises(UsageError, match="there is no price file"):
        find_price(settings(tmp_path, prices=tmp_path / "none.yaml"))
