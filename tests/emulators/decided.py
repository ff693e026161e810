"""A small database as the jobs leave one: two decided weeks of a market written on the spot, settled and announced."""

from __future__ import annotations

import datetime as dt
import math

from bot.announce import announce
from bot.shelf import DatabaseBook, store_skills
from bot.skill import skills_of
from engine.comparators import COMPARATORS
from engine.method import stamp
from engine.model import (
    Call,
    Candle,
    FamilyView,
    MarketView,
    Odds,
    Prediction,
    Reason,
    Signal,
    Snapshot,
    Token,
    TokenKind,
    WeekSignals,
)
from engine.modes import modes
from engine.panel import build_panel
from engine.signals import grade
from engine.themes import themes
from engine.track import Track
from storage.database import open_database

MONDAY = dt.date(2023, 11, 13)
DAY = dt.timedelta(days=1)
DATES = [MONDAY + k * DAY for k in (0, 1, 3, 4, 7, 8)]  # on which something is settled or decided
BEFORE, AFTER = 200, 10  # days of market around the first Monday
COINS = ("AAVE", "CRV", "GMX", "LDO", "MKR", "RUNE", "SNX", "UNI")
HOSTILE = '<script>alert("&amp;")</script>'
TOKENS = (
    *(Token(0, symbol, HOSTILE if symbol == "SNX" else symbol.title(), TokenKind.COIN, ("defi",)) for symbol in COINS),
    Token(0, "BTC", "Bitcoin", TokenKind.COIN),
    Token(0, "USDC", "USD Coin", TokenKind.STABLE),
    Token(0, "DAI", "Dai", TokenKind.STABLE),
)
BASE = Odds(0.34, 0.32, 0.34)
NOW = dt.datetime(2023, 11, 21, 9, tzinfo=dt.UTC)


def price(symbol, day):
    """A calm rising walk; AAVE collapses on the first Wednesday, stablecoins keep their dollar."""
    if symbol in ("USDC", "DAI"):
        return 1.0
    phase = sum(map(ord, symbol))
    calm = 20 * math.exp(0.003 * day + 0.02 * math.sin(day / (7 + phase % 5) + phase) + 0.02 * math.sin(day * phase))
    return 0.4 * calm if symbol == "AAVE" and day >= 2 else calm


def make_decided(path, ledger="live", simulated=False, until=99):
    """Write the database; its book is the named ledger's. `until` is the number of the last of DATES that is walked."""
    database = open_database(path)
    if simulated:
        database.market.set_provenance("simulated", "yes")
    _fill_market(database)
    tracks = [Track(index, mode) for index in themes() for mode in (*modes(), *COMPARATORS)]
    for date in DATES[: until + 1]:
        with database.atomic():
            _walk(database, ledger, date, tracks)
    for track in tracks:
        database.decisions.put_levels(ledger, track.index, track.mode, track.levels)
    if until < len(DATES):
        database.close()
        return
    with database.atomic():
        past = [line for week in range(40) for line in _predictions(week)]
        database.signals.put_predictions(past)
        store_skills(database, skills_of(past, ()))
    database.close()


def _walk(database, ledger, date, tracks):
    panel = build_panel(database.market, date)
    signals = _signals(date - date.weekday() * DAY)
    if date.weekday() == 0:
        database.signals.add(ledger, signals)
    for track in tracks:
        settled = len(track.settlements)
        track.reach(panel, date)
        for settlement in track.settlements[settled:]:
            database.decisions.settle(ledger, settlement)
    decided = [decision for track in tracks if (decision := track.decide(panel, signals)) is not None]
    for decision in decided:
        database.decisions.add(ledger, decision)
    for decision in decided:
        if decision.mode in modes():
            book = DatabaseBook(database, dt.datetime.combine(date, dt.time(), dt.UTC), ledger)
            database.decisions.put_announcement(
                ledger, decision, announce(book, decision.index, decision.mode).to_json()
            )


def _fill_market(database):
    database.market.put_tokens(TOKENS)
    ids = database.market.token_ids()
    for symbol, token in ids.items():
        prices = {day: price(symbol, day) for day in range(-BEFORE, AFTER)}
        database.market.put_candles(
            Candle(str(MONDAY + day * DAY), token, p, p * 1.01, p * 0.99, p, 5e7, "venue", False)
            for day, p in prices.items()
        )
    for day in range(-BEFORE, AFTER, 28):
        date = str(MONDAY + day * DAY)
        database.market.put_snapshots(
            Snapshot(date, token, rank, 20.0, 1e9 / rank, 5e7, 2e8) for rank, token in enumerate(ids.values(), 1)
        )


def _signals(date):
    said = [_said(symbol, 0.08 - 0.01 * k) for k, symbol in enumerate(COINS)]
    said.append(_said("BTC", 0.0, "too little price history"))
    return WeekSignals(date, date, MarketView(0.55, 0.52, ()), tuple(said), method=stamp())


def _said(symbol, lean, abstained=None):
    odds = Odds(BASE.bearish - lean, BASE.neutral, BASE.bullish + lean)
    reasons = (Reason("r", "price", 0.1, "calm <b>& quiet</b>"), Reason("s", "macro", -0.02, "fear is high"))
    families = (
        FamilyView("price", 2 * lean, 0.0, grade(odds), 20, 30),
        FamilyView("macro", 0.0, lean, grade(BASE), 5, 5),
    )
    return Signal(
        symbol, odds, BASE, lean, 2 * lean, grade(odds), reasons, abstained, 50, 60, ("on-chain",), 0.03, 20.0, 0.01,
        steady=2 * lean, families=families,
    )  # fmt: skip


def _predictions(week):
    date = MONDAY - (7 * week + 7) * DAY
    for k, symbol in enumerate(COINS):
        lean = 0.01 * ((week + 3 * k) % 9 - 4)
        odds = Odds(BASE.bearish - lean, BASE.neutral, BASE.bullish + lean)
        came = (Call.BULLISH, Call.NEUTRAL, Call.BEARISH)[(week * 5 + k * 7) % 3]
        yield Prediction(date, symbol, 7, (0.1,), lean, 0.0, 0.0, 0.5, odds, BASE, 2 * lean, came, 0.01 * (k - 4))
