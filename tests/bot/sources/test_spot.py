"""Spot prices for the watch: two sources, real ones on loopback, and what happens when one of them lies or is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from emulators import coingecko, exchanges
from emulators.bench import LIMITS
from emulators.clock import NOON, FakeTime
from emulators.faults import WAY
from emulators.service import Service
from emulators.world import TWISTS, World

from engine.model import Token, TokenKind
from engine.sources.http.client import HttpClient
from engine.sources.spot import ASKED, SpotDesk, confirmed, spot

TOKENS = [Token(n, symbol, symbol, TokenKind.COIN) for n, symbol in enumerate(("BTC", "ETH", "DOGE", "PEPE", "NOBODY"))]
TETHER = Token(9, "USDT", "Tether", TokenKind.STABLE)
IDS = {"bitcoin": "BTC", "ethereum": "ETH", "dogecoin": "DOGE", "pepe": "PEPE", "tether": "USDT"}


@asynccontextmanager
async def asking(world: World) -> AsyncIterator[tuple[SpotDesk, Service]]:
    time = FakeTime()
    told = exchanges.handlers(world) | coingecko.handlers(world)
    async with (
        Service(told, lambda: time.seconds) as service,
        HttpClient([ASKED], time.clock, limits=LIMITS, bases=service.bases) as client,
    ):
        yield SpotDesk(client.bound(ASKED)), service


async def test_many_tokens_cost_one_request_a_source_and_the_second_source_confirms() -> None:
    world = World()
    async with asking(world) as (desk, service):
        await desk.ask([*TOKENS, TETHER], IDS, NOON)
        service.seen.clear()
        found = {s.symbol: s for s in await desk.ask([*TOKENS, TETHER], IDS, NOON + dt.timedelta(minutes=5))}
        assert len(service.seen) == 4
        assert desk.errors == ()
    assert {symbol for symbol, s in found.items() if s.confirmed} == {"BTC", "ETH", "DOGE", "PEPE", "USDT"}
    assert found["BTC"].price == pytest.approx(world.value("BTC spot", "2026-03-18", 60_000.0))
    assert found["PEPE"].price == pytest.approx(world.value("PEPE spot", "2026-03-18", 1e-5), rel=2e-3)
    assert (found["NOBODY"].price, found["NOBODY"].says) == (None, "no exchange has a price")


async def test_what_each_exchange_that_agrees_traded_comes_with_the_price() -> None:
    world = World()
    async with asking(world) as (desk, _):
        found = {s.symbol: s for s in await desk.ask(TOKENS, IDS, NOON)}
    for symbol, spot_price in found.items():
        traded = {venue: exchanges.turnover(world, venue, symbol) for venue in spot_price.venues}
        assert spot_price.volumes == pytest.approx(traded, rel=2e-3)
    assert set(found["PEPE"].volumes) == {"binance", "okx"}
    assert found["NOBODY"].volumes == {}
    async with asking(World(twist=TWISTS["is a thousandfold"], liar="binance")) as (desk, _):
        (lied,) = await desk.ask(TOKENS[:1], IDS, NOON)
    assert set(lied.volumes) == {"kraken", "okx"}


async def test_a_stablecoin_is_priced_against_dollars_alone() -> None:
    async with asking(World()) as (desk, _):
        (tether,) = await desk.ask([TETHER], IDS, NOON)
    assert tether.venues == ("kraken",)


async def test_one_question_without_a_desk() -> None:
    time, world = FakeTime(), World()
    told = exchanges.handlers(world) | coingecko.handlers(world)
    async with (
        Service(told, lambda: time.seconds) as service,
        HttpClient([ASKED], time.clock, limits=LIMITS, bases=service.bases) as client,
    ):
        assert [s.confirmed for s in await spot(client.bound(ASKED), TOKENS[:2], IDS, NOON)] == [True, True]


@pytest.mark.parametrize(
    "fault", ["is down", "sends a page", "sends garbage", "renames its fields", "sends a bomb", "resets"]
)
@pytest.mark.parametrize("where", ["binance", "coingecko", ""])
async def test_a_source_that_fails_leaves_the_others_and_nothing_wrong(fault: str, where: str) -> None:
    """F15, F16, F22, F23."""
    world = World()
    async with asking(world) as (desk, service):
        with service.failing(WAY[fault], where=where):
            found = await desk.ask(TOKENS, IDS, NOON)
        assert desk.errors
    for s in found:
        if s.price is not None:
            assert s.price == pytest.approx(exchanges.spot(world, "binance", s.symbol), rel=2e-3)
    believed = {s.symbol for s in found if s.confirmed}
    # two exchanges confirm each other where the second source is silent; DOGE and PEPE have two, NOBODY none
    assert believed == (set() if where == "" else {"BTC", "ETH", "DOGE", "PEPE"})


@pytest.mark.parametrize("twist", [name for name in TWISTS if name.startswith("is ") and "year" not in name])
async def test_an_exchange_that_lies_confirms_nothing(twist: str) -> None:
    """F25, F26."""
    world = World(twist=TWISTS[twist], liar="binance")
    async with asking(world) as (desk, _):
        found = {s.symbol: s for s in await desk.ask(TOKENS, IDS, NOON)}
    assert found["BTC"].confirmed and "binance" not in found["BTC"].venues
    for s in found.values():
        if s.confirmed:
            assert s.price == pytest.approx(exchanges.spot(world, "kraken", s.symbol), rel=3e-3)


async def test_a_second_source_that_sleeps_is_no_witness() -> None:
    """F24."""
    async with asking(World()) as (desk, _):
        (pepe,) = await desk.ask(TOKENS[3:4], IDS, NOON + dt.timedelta(hours=1))
    assert (pepe.second, pepe.says) == (None, "exchanges agree")


@pytest.mark.parametrize(
    ("first", "second", "price", "is_confirmed"),
    [
        ({"a": 100.0}, 101.0, 100.0, True),
        ({"a": 100.0}, 103.0, 100.0, False),
        ({"a": 100.0}, None, 100.0, False),
        ({"a": 100.0, "b": 100.5}, None, 100.25, True),
        ({"a": 100.0, "b": 102.0}, None, 101.0, False),
        ({"a": 100.0, "b": 100.2, "c": 5.0}, 100.0, 100.1, True),
        ({"a": 100.0, "b": 10.0}, 100.0, None, False),
        ({"a": 0.0, "b": float("nan")}, 1.0, None, False),
        ({}, 1.0, None, False),
    ],
)
def test_which_prices_are_confirmed(
    first: dict[str, float], second: float | None, price: float | None, is_confirmed: bool
) -> None:
    found = confirmed("X", first, second)
    assert (found.price, found.confirmed) == (pytest.approx(price) if price else None, is_confirmed)


def test_a_stablecoin_must_agree_more_closely() -> None:
    assert not confirmed("USDT", {"kraken": 0.99}, 1.0, 0.005).confirmed
    assert confirmed("USDT", {"kraken": 0.998}, 1.0, 0.005).confirmed
