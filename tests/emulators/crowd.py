"""More coins in the emulated market than the handful that most tests need: of falling size, some of them in indices."""

from __future__ import annotations

import zlib

import pytest
from emulators import coingecko, exchanges

DEFI = "decentralized-finance-defi"
THEMED = {"AAVE": DEFI, "CRV": DEFI, "LDO": DEFI, "FET": "artificial-intelligence", "SHIB": "meme-token"}


def crowd(count: int) -> dict[str, tuple[str, str, float, float, tuple[str, ...]]]:
    """Coins as CoinGecko's emulator lists them: {id: row}; the first of them belong to indices."""
    names = [*THEMED, *(f"C{n:03}" for n in range(count - len(THEMED)))]
    rows = {}
    for n, symbol in enumerate(names):
        price = 1 + zlib.crc32(symbol.encode()) % 50
        supply = 4e10 / price / (n + 2)
        category = (THEMED[symbol],) if symbol in THEMED else ()
        rows[symbol.lower()] = (symbol.lower(), symbol.title(), float(price), supply, category)
    return rows


def list_crowd(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let the emulated services list so many more coins, all of them on Binance."""
    more = crowd(count)
    monkeypatch.setattr(coingecko, "COINS", coingecko.COINS | more)
    monkeypatch.setattr(coingecko, "SYMBOL", coingecko.SYMBOL | {id: row[0].upper() for id, row in more.items()})
    listed = exchanges.LISTED["binance"] | {row[0].upper(): (row[0].upper(), 1) for row in more.values()}
    monkeypatch.setattr(exchanges, "LISTED", exchanges.LISTED | {"binance": listed})
    prices = {row[0].upper(): row[2] for row in more.values()}
    monkeypatch.setattr(exchanges, "PRICES", exchanges.PRICES | prices)
