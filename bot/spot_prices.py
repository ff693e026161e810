"""Asks the live sources for the watch's prices, through one polite client that lives as long as the service."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from bot.settings import Settings
from bot.watching import Prices
from engine.model import Token
from engine.sources.http.address import checked_bases
from engine.sources.http.client import HttpClient
from engine.sources.http.limits import Clock
from engine.sources.live import coingecko
from engine.sources.spot import ASKED, Spot, SpotDesk
from storage.database import Database

T = TypeVar("T")


class Store(Protocol):
    """Does work with the database, one after another."""

    async def do(self, work: Callable[[Database], T]) -> T: ...


@asynccontextmanager
async def spot_prices(settings: Settings, store: Store, clock: Clock) -> AsyncIterator[Prices]:
    """A function that asks for prices now, as long as the block lasts; what a source fails at is left out."""
    keys = {name: key.get_secret_value() for name, key in settings.source_keys.items()}
    async with HttpClient([ASKED], clock, bases=checked_bases(settings.source_bases), keys=keys) as client:
        desk = SpotDesk(client.bound(ASKED))

        async def ask(tokens: Sequence[Token], now: dt.datetime) -> tuple[Spot, ...]:
            ids = await store.do(lambda database: database.universe.ids(coingecko.SOURCE.id))
            return await desk.ask(tokens, ids, now)

        yield ask
