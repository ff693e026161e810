"""A small market that is decided day by day, with whatever a test lets happen in it between and at its closes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.alerts import ROWS, Seen, candles, decide, fill, rules_alone
from bot.foresight import Foresight
from bot.posting import Posting
from bot.reply import Reply
from bot.watch import Alert
from bot.watching import look_once, tokens_to_watch
from engine.model import MarketView, Token, TokenKind, WeekSignals
from engine.modes import modes
from engine.panel import Panel
from engine.themes import themes
from engine.track import Track
from storage.database import Database, open_database

MONDAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)
COINS = ("AAVE", "CRV", "GMX", "LDO", "MKR", "RUNE", "SNX", "UNI")
STABLES = ("DAI", "USDC")
AFTER = 10  # days from the first Monday on
Days = Mapping[str, Mapping[int, float]]  # symbol ("*" for every coin): day from the first Monday on: factor


def make_panel(prices: Days, volumes: Days) -> Panel:
    """Coins that rise slowly, each in its own way, but for the factors from some day on (of volumes: on that day)."""
    symbols = sorted((*COINS, "BTC", *STABLES))
    days = np.arange(-ROWS, AFTER)
    close, volume = np.empty((len(days), len(symbols))), np.full((len(days), len(symbols)), 5e7)
    for j, symbol in enumerate(symbols):
        wave = 0.02 * np.sin(days / (5 + j) + j) + 0.02 * np.sin(days * (j + 2.5))
        close[:, j] = 1.0 if symbol in STABLES else 20 * np.exp(0.003 * days + wave)
        for name in ("*", symbol) if symbol not in STABLES else (symbol,):
            for day, factor in prices.get(name, {}).items():
                close[days >= day, j] *= factor
            for day, factor in volumes.get(name, {}).items():
                volume[days == day, j] *= factor
    nothing, rank = np.zeros(close.shape), np.tile(np.arange(1.0, len(symbols) + 1), (len(days), 1))
    return Panel(
        dates=np.datetime64(MONDAY, "D") + days,
        tokens=tuple(_token(number, symbol) for number, symbol in enumerate(symbols, 1)),
        open=close, high=close * 1.01, low=close * 0.99, close=close, volume=volume,
        venue=nothing.astype(np.int16), estimated=nothing.astype(np.bool_), supply=1e9 / rank, rank=rank,
        market_volume=np.full(close.shape, 2e8), token_measures={}, market_measures={}, headlines=(), simulated=False,
    )  # fmt: skip


def _token(number: int, symbol: str) -> Token:
    is_stable = symbol in STABLES
    themed = () if is_stable or symbol == "BTC" else ("defi",)
    return Token(number, symbol, symbol.title(), TokenKind.STABLE if is_stable else TokenKind.COIN, themed)


@dataclass(frozen=True)
class Told:
    """One message of the queue."""

    chat: str
    name: str
    reply: Reply


class World:
    """The market in a database of its own, decided live from the first Monday on as the days come."""

    def __init__(self, prices: Days | None = None, volumes: Days | None = None) -> None:
        self.panel = make_panel(prices or {}, volumes or {})
        self.database: Database = open_database(":memory:")
        self._ids = fill(self.database, self.panel, MONDAY)
        self._tracks = {(index, mode): Track(index, mode) for index in themes() for mode in modes()}
        self._signals: WeekSignals | None = None
        self.foresight = Foresight()
        self.today = MONDAY - DAY

    def morning(self) -> None:
        """The next day begins: yesterday's candles come in, and its job runs."""
        self.today += DAY
        seen = self.panel.until(self.today)
        self.database.market.put_candles(candles(self.panel, self._ids, self.today - DAY))
        if self.today.weekday() == 0:
            self._signals = rules_alone(seen)
        assert self._signals is not None
        decide(self.database, self._tracks, seen, self._signals)

    @property
    def market(self) -> MarketView:
        """What the market head says: nothing."""
        assert self._signals is not None
        return self._signals.market

    def until(self, day: int) -> None:
        """Let mornings pass up to that of a day."""
        while self.today < MONDAY + day * DAY:
            self.morning()

    def look(
        self, at: dt.time = dt.time(14, 5), volumes: Mapping[str, float] | None = None, **factors: float
    ) -> list[Alert]:
        """Look at prices that are the last closes times these factors (`every` for every coin)."""
        row = self.panel.row(self.today) - 1
        now = dt.datetime.combine(self.today, at, dt.UTC)
        looks = []
        for j, token in enumerate(self.panel.tokens):
            every = factors.get("every", 1.0) if token.kind is TokenKind.COIN else 1.0
            price = float(self.panel.close[row, j]) * factors.get(token.symbol, every)
            traded = {"venue 0": 5e7 * (volumes or {}).get(token.symbol, 1.0)}
            looks.append(Seen(token.symbol, price, traded))
        return look_once(self.database, tokens_to_watch(self.database), looks, Posting(now), self.foresight)

    def told(self) -> list[Told]:
        """Every message of the queue, in order."""
        rows = self.database.connection.rows(
            """SELECT o.chat, n.name, b.reply FROM outbox o JOIN outbox_news n ON n.id = o.news
               JOIN outbox_bodies b ON b.id = o.body ORDER BY o.news, o.chat"""
        )
        return [Told(chat, name, Reply.from_json(reply)) for chat, name, reply in rows]
