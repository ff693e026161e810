"""What an exchange may say through ccxt: numbers of endless length are refused before they are reckoned with."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from engine.errors import SourceGarbled
from engine.sources.trading import VENUES, Exchange

KRAKEN = next(venue for venue in VENUES if venue.id == "kraken")


class Scripted:
    """A client that has one answer."""

    def __init__(self, said: str) -> None:
        self.said = said

    async def get(self, url: str, **more: Any) -> Any:
        return self

    def text(self) -> str:
        return self.said

    def json(self) -> Any:
        return json.loads(self.said)


def pair(**more: Any) -> str:
    """Kraken's answer to what it lists, with one pair."""
    said = {
        "altname": "ETHUSD", "wsname": "ETH/USD", "base": "XETH", "quote": "ZUSD", "pair_decimals": 2,
        "lot_decimals": 8, "lot_multiplier": 1, "leverage_buy": [], "fees": [[0, 0.26]], "fees_maker": [[0, 0.16]],
        "status": "online", "ordermin": "0.01", **more,
    }  # fmt: skip
    return json.dumps({"error": [], "result": {"XETHZUSD": said}})


async def loaded(said: str) -> Exchange:
    exchange = Exchange(KRAKEN, Scripted(said))  # type: ignore[arg-type]
    await exchange.load()
    return exchange


async def test_a_pair_as_it_is_documented_is_listed() -> None:
    exchange = await loaded(pair())
    assert exchange.error is None and exchange.listing([("ETH", 1.0)]) is not None


@pytest.mark.parametrize(
    "odd",
    [
        {"lot_decimals": 10**9},
        {"pair_decimals": -(10**9)},
        {"fees": [[0, "1e9999999"]]},
        {"ordermin": "1e-99999999"},
    ],
    ids=str,
)
async def test_numbers_without_end_are_refused_at_once(odd: dict[str, Any]) -> None:
    """F25: a billion digits would be written out one by one, for minutes."""
    began = time.process_time()
    exchange = await loaded(pair(**odd))
    assert isinstance(exchange.error, SourceGarbled) and str(exchange.error).endswith(".")
    assert time.process_time() - began < 5
