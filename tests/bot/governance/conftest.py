"""A small market with one decided week in a real database, a clock that can be turned, and admins who speak."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.dispatch import Request, dispatch
from bot.office import DatabaseDesk
from bot.reply import Reply
from engine.decide import decide
from engine.model import Candle, Ledger, MarketView, Odds, Reason, Signal, Snapshot, Token, TokenKind, WeekSignals
from engine.modes import modes
from engine.panel import build_panel
from engine.signals import grade
from engine.themes import themes
from storage.database import Database, open_database

MONDAY = dt.date(2023, 11, 13)
DAYS = 200
COINS = ("AAVE", "CRV", "GMX", "LDO", "MKR", "RUNE", "SNX", "UNI")
TOKENS = (
    *(Token(0, symbol, symbol.title(), TokenKind.COIN, ("defi",)) for symbol in COINS),
    Token(0, "BTC", "Bitcoin", TokenKind.COIN),
    Token(0, "USDC", "USD Coin", TokenKind.STABLE),
    Token(0, "DAI", "Dai", TokenKind.STABLE),
)
CHAT, USER = "chat-of-seven-hills", "user-8675309"


def price(symbol: str, day: int) -> float:
    """A calm walk of its own for every coin, a dollar for a stablecoin."""
    if symbol in ("USDC", "DAI"):
        return 1.0
    phase = sum(map(ord, symbol))
    return 20 * math.exp(0.001 * day + 0.08 * math.sin(day / (7 + phase % 5) + phase) + 0.01 * math.sin(day * phase))


def fill_market(database: Database) -> None:
    database.market.put_tokens(TOKENS)
    ids = database.market.token_ids()
    first = MONDAY - dt.timedelta(days=DAYS - 1)
    days = [(first + dt.timedelta(days=i)).isoformat() for i in range(DAYS)]
    for symbol, token in ids.items():
        prices = [price(symbol, i) for i in range(DAYS)]
        database.market.put_candles(
            Candle(day, token, p, p * 1.01, p * 0.99, p, 5e7, "venue", False)
            for day, p in zip(days, prices, strict=True)
        )
    for day in days[::28]:
        database.market.put_snapshots(
            Snapshot(day, token, rank, 20.0, 1e9 / rank, 5e7, 2e8) for rank, token in enumerate(ids.values(), 1)
        )


def signals() -> WeekSignals:
    base = Odds(0.34, 0.32, 0.34)
    reason = Reason("return_28d", "price", 0.1, "fell less than its peers")

    def said(symbol: str, lean: float) -> Signal:
        odds = Odds(base.bearish - lean, base.neutral, base.bullish + lean)
        return Signal(
            symbol, odds, base, lean, 2 * lean, grade(odds), (reason,), None, 50, 60, (), 0.03, 20.0, 0.0,
            steady=2 * lean,
        )  # fmt: skip

    spoken = tuple(said(symbol, 0.08 - 0.01 * k) for k, symbol in enumerate(COINS))
    return WeekSignals(MONDAY, MONDAY, MarketView(0.55, 0.52, (reason,)), spoken)


def decide_week(database: Database, ledger: Ledger) -> None:
    """Journal the week of MONDAY by the engine's own decisions, unfilled as they are on that day."""
    panel, week = build_panel(database.market, MONDAY), signals()
    database.signals.add(ledger, week)
    for index in themes():
        for mode in modes():
            database.decisions.add(ledger, decide(index, mode, panel, week, None))


@dataclass
class Office:
    """A desk on a database whose clock the test turns; `say` is one message of one person."""

    database: Database
    now: dt.datetime = field(default_factory=lambda: dt.datetime(2023, 11, 14, 9, 30, tzinfo=dt.UTC))

    def __post_init__(self) -> None:
        self.desk = DatabaseDesk(self.database, lambda: self.now)

    def say(self, text: str, user: str = USER, chat: str = CHAT, role: str = "bot admin") -> Reply:
        rights = {"is_bot_admin": role == "bot admin", "is_chat_admin": role == "chat admin"}
        return dispatch(self.desk, Request(text, "test", chat, user, place="group", **rights))  # type: ignore[arg-type]

    def preview(self, text: str, **person: str) -> str:
        """Ask for a deed and return the command that confirms it."""
        reply = self.say(text, **person)
        assert reply.ok, reply.lines()
        return reply.buttons[0].command

    def do(self, text: str, **person: str) -> Reply:
        """Ask for a deed, and confirm it."""
        reply = self.say(self.preview(text, **person), **person)
        assert reply.ok, reply.lines()
        return reply

    def everything(self) -> list[tuple[object, ...]]:
        """All that governance may write, codes aside."""
        tables = ("journal", "orders", "audit", "identities", "notices", "chats")
        return [(t, *row) for t in tables for row in self.database.connection.rows(f"SELECT * FROM {t}")]


MakeOffice = Callable[[Database], Office]


@pytest.fixture(scope="session")
def decided_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database file of a decided week, made once."""
    path = tmp_path_factory.mktemp("governed") / "crier.db"
    database = open_database(path)
    fill_market(database)
    decide_week(database, "live")
    database.connection.row("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.read_bytes()


@pytest.fixture
def office(decided_bytes: bytes, tmp_path: Path) -> Iterator[Office]:
    path = tmp_path / "crier.db"
    path.write_bytes(decided_bytes)
    database = open_database(path)
    yield Office(database)
    database.close()


@pytest.fixture
def empty_office() -> Iterator[Office]:
    """A market without any decision."""
    database = open_database(":memory:")
    fill_market(database)
    yield Office(database)
    database.close()


@pytest.fixture
def make_office() -> MakeOffice:
    return Office
