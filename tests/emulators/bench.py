"""A bench for one fetch: a database, a fake time, a world, and the emulators of some sources, all on loopback."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from emulators.clock import FakeTime
from emulators.service import Handler, Service
from emulators.world import World

from bot.fetch_report import FetchReport
from bot.fetching import Fetcher
from engine.model import Token, TokenKind
from engine.sources.http.limits import Limits
from engine.sources.port import HEADLINES
from engine.sources.table import SOURCES
from storage.database import Database, open_database

LIMITS = Limits(total=4.0, read=2.0, connect=2.0, packed=3_000_000, unpacked=6_000_000, rest=60.0)
KEY = "0123456789abcdef:0123456789abcde"  # an ID and a secret, and as long as FRED's keys are
TOKENS = ("BTC", "ETH", "DOGE", "PEPE", "NOBODY")


def emulator(name: str) -> Any:
    """The emulator of a source: a module of its name with `handlers(world)` and `truth(world, kind, subject, day)`, or
    for texts `written(world)`."""
    return importlib.import_module(f"emulators.{name}")


def is_of_texts(name: str) -> bool:
    """Whether a source brings headlines or posts."""
    return HEADLINES in SOURCES[name].feeds


class Bench:
    """What a test of fetching works with; `names` are the sources that are asked."""

    def __init__(
        self, database: Database, service: Service, world: World, time: FakeTime, names: tuple[str, ...]
    ) -> None:
        self.database = database
        self.service = service
        self.world = world
        self.time = time
        self.names = names
        self.limits = LIMITS
        self.keys: Mapping[str, str] = {name: KEY for name in names if SOURCES[name].needs_key}

    async def fetch(self, **changes: Any) -> FetchReport:
        """Run one fetch, as `crier fetch --only NAMES` would."""
        settings: dict[str, Any] = {"bases": self.service.bases, "limits": self.limits, "keys": self.keys}
        return await Fetcher(self.database, self.time.clock, **(settings | changes)).run(self.names)

    def later(self, **amount: float) -> None:
        """Let time pass, for the world too."""
        self.time.pass_(**amount)
        self.world.today = self.time.wall().date()

    def asked(self) -> list[str]:
        """Paths asked for since the last look."""
        paths = [seen.path for seen in self.service.seen]
        self.service.seen.clear()
        return paths

    def measures(self) -> dict[tuple[str, str, str, str], float]:
        """{(kind, subject, source, day): the value known last}."""
        rows = self.database.connection.rows("SELECT metric, subject, source, date, value FROM measures ORDER BY known")
        return {tuple(row[:4]): row[4] for row in rows}

    def candles(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """{(symbol, day): (open, high, low, close, volume_usd, source)}."""
        rows = self.database.connection.rows(
            "SELECT symbol, date, open, high, low, close, volume_usd, source FROM candles JOIN tokens ON id = token"
        )
        return {(row[0], row[1]): tuple(row[2:]) for row in rows}

    def snapshots(self) -> dict[tuple[str, str, str], tuple[Any, ...]]:
        """{("snapshots", symbol, day): (rank, price, market_cap, supply, volume)} of days that were seen."""
        rows = self.database.connection.rows(
            """SELECT symbol, date, rank, price, market_cap, supply, volume_24h_usd
               FROM snapshots JOIN tokens ON id = token
               WHERE date >= (SELECT value FROM provenance WHERE key = 'ranked from')"""
        )
        return {("snapshots", row[0], row[1]): tuple(row[2:]) for row in rows}

    def tokens(self) -> dict[str, tuple[str, str]]:
        """{symbol: (name, kind)} of what sources made known."""
        rows = self.database.market.tokens()
        return {token.symbol: (token.name, token.kind.value) for token in rows if token.symbol not in TOKENS}

    def headlines(self) -> dict[tuple[Any, ...], float]:
        """{("headlines", published_at, source, subject, title, author, social): 1}."""
        rows = self.database.connection.rows(
            "SELECT published_at, source, subject, title, author, social FROM headlines"
        )
        return {("headlines", *row): 1.0 for row in rows}

    def written(self) -> set[tuple[Any, ...]]:
        """What the outlets of the sources that are asked have truly published, in the form of `headlines`."""
        texts = (text for name in self.names if is_of_texts(name) for text in emulator(name).written(self.world))
        return {("headlines", *text[:4], text.author, int(text.social)) for text in texts}

    def stored(self) -> dict[Any, Any]:
        """All that a fetch brought, without when it was seen."""
        return {**self.measures(), **self.candles(), **self.snapshots(), **self.headlines()}

    def untrue(self, tolerance: float = 1e-9) -> dict[Any, tuple[Any, Any]]:
        """Stored values that are not the world's: {key: (stored, true)}."""
        found = {}
        for key, value in self.measures().items():
            true = emulator(key[2]).truth(self.world, key[0], key[1], key[3])
            if abs(value - true) > tolerance * max(abs(true), 1e-9):
                found[key] = (value, true)
        for (symbol, day), row in self.candles().items():
            true = emulator("exchanges").truth(self.world, "candles", symbol, day)
            if abs(row[3] - true) > max(tolerance, 1e-6) * true:
                found[symbol, day] = (row[3], true)
        for key, row in self.snapshots().items():
            for value, true in zip(row, emulator("coingecko").truth(self.world, *key), strict=True):
                if abs(value - true) > max(tolerance, 1e-6) * true:
                    found[key] = (value, true)
        for symbol, told in self.tokens().items():
            if told != (true := emulator("coingecko").token(symbol)):
                found["token", symbol] = (told, true)
        return found | dict.fromkeys(self.headlines().keys() - self.written(), (1.0, 0.0))


@asynccontextmanager
async def bench(
    *names: str, path: str = ":memory:", tokens: tuple[str, ...] = TOKENS, world: World | None = None
) -> AsyncIterator[Bench]:
    """Set a bench up for these sources (all of the table where none is named), with a few tokens.

    The clock starts at noon of the world's day.
    """
    world = world or World()
    time = FakeTime(dt.datetime.combine(world.today, dt.time(12), dt.UTC))
    chosen = names or tuple(SOURCES)
    told: dict[str, Handler] = {}
    for name in chosen:
        told |= emulator(name).handlers(world)
    database = open_database(path)
    database.market.put_tokens([Token(0, symbol, symbol.title(), TokenKind.COIN) for symbol in tokens])
    try:
        async with Service(told, lambda: time.seconds) as service:
            yield Bench(database, service, world, time, chosen)
    finally:
        database.close()
