"""A small made-up market with everything that goes wrong in a real one, and ways to cut it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.measures import KINDS
from engine.model import Headline, Token, TokenKind
from engine.panel import Panel

DAYS = 900
FIRST = np.datetime64("2021-01-01")
CLEAN = ("BTC", "ETH", "AAVE", "UNI", "SOL", "ADA", "XRP")
SPOILT = ("COARSE", "DEAD", "ESTIMATED", "FALLER", "GAPPY", "LATE", "NEAR", "SPARSE", "STABLE", "VENUES")
SYMBOLS = tuple(sorted((*CLEAN, *SPOILT)))
NAMES = {
    "BTC": "Bitcoin",
    "ETH": "Ethereum",
    "AAVE": "Aave",
    "UNI": "Uniswap",
    "SOL": "Solana",
    "NEAR": "NEAR Protocol",
}
TITLES = (
    "Bitcoin soars to a great new high", "Ethereum slumps after a terrible hack", "Aave wins approval",
    "Markets are near the abyss", "Solana halts again, users angry", "NEAR token rallies", "Uniswap sued",
)  # fmt: skip
OFFICES = ("Inflation fears grow", "Bitcoin is a risk, says the bank", "Strong growth in jobs", "Minutes published")
POSTS = (
    "$BTC to the moon", "got rekt on $ETH", "loading up on $AAVE", "$SOL devs are dumping", "$BTC looks terrible today",
    "is $UNI worth it", "$ETH looks great", "gm everybody",
)  # fmt: skip

Cut = Callable[..., Panel]


@pytest.fixture(scope="session")
def cut() -> Cut:
    """`cut(panel, first, last)`: the rows first <= row < last alone, as if nothing else had ever been seen."""
    return cut_rows


def cut_rows(panel: Panel, first: int, last: int) -> Panel:
    inside = slice(first, last)
    matrices = {
        f.name: getattr(panel, f.name)[inside] for f in fields(panel) if isinstance(getattr(panel, f.name), np.ndarray)
    }
    begin, end = str(panel.dates[first]), str(panel.dates[last - 1])
    return replace(
        panel,
        **matrices,
        token_measures={name: values[inside] for name, values in panel.token_measures.items()},
        market_measures={name: values[inside] for name, values in panel.market_measures.items()},
        headlines=tuple(h for h in panel.headlines if begin <= h.known <= end),
    )


@pytest.fixture(scope="session")
def market() -> Panel:
    """900 days of 17 tokens: gaps, a death, a late birth, a fall by six orders of magnitude, guessed ranges, venues."""
    rng = np.random.default_rng(7)
    shape = (DAYS, len(SYMBOLS))
    moves = 0.02 * rng.standard_t(4, (DAYS, 1)) + 0.03 * rng.standard_t(4, shape)
    logs = np.cumsum(moves, axis=0) + rng.uniform(-3, 5, shape[1])
    logs[:, at("FALLER")] -= np.clip((np.arange(DAYS) - 500) / 6, 0, 1) * np.log(1e6)
    logs[:, at("STABLE")] = 0.001 * rng.standard_normal(DAYS)
    close = np.exp(logs)
    close[:, at("COARSE")] = np.maximum(np.round(close[:, at("COARSE")] / close[0, at("COARSE")] * 20), 1) / 20
    first = np.vstack([close[:1], close[:-1]]) * np.exp(0.002 * rng.standard_normal(shape))
    high = np.maximum(first, close) * np.exp(np.abs(0.015 * rng.standard_normal(shape)))
    low = np.minimum(first, close) * np.exp(-np.abs(0.015 * rng.standard_normal(shape)))
    volume = np.exp(15 + 0.7 * rng.standard_normal(shape) + 8 * np.abs(moves))
    venue = np.zeros(shape, dtype=np.int16)
    venue[600:, at("VENUES")], venue[840:, at("VENUES")] = 1, 2
    volume[600:, at("VENUES")] *= 50
    estimated = np.zeros(shape, dtype=np.bool_)
    estimated[650:, at("ESTIMATED")] = True
    observed = _observed(rng, shape)
    bars = {"open": first, "high": high, "low": low, "close": close, "volume": volume}
    ranked = np.argsort(np.argsort(-close[::30], axis=1), axis=1).repeat(30, axis=0)[:DAYS] + 1.0
    supply = np.repeat(1e6 * np.exp(0.01 * np.cumsum(rng.uniform(0, 1, (DAYS // 30, shape[1])), axis=0)), 30, axis=0)
    return Panel(
        dates=FIRST + np.arange(DAYS),
        tokens=tuple(_token(i, symbol) for i, symbol in enumerate(SYMBOLS)),
        **{name: np.where(observed, values, np.nan) for name, values in bars.items()},
        venue=np.where(observed, venue, -1).astype(np.int16),
        estimated=estimated & observed,
        supply=supply,
        rank=ranked,
        market_volume=np.where(ranked < 16, 5 * volume[::30].repeat(30, axis=0)[:DAYS], np.nan),
        token_measures=_token_measures(rng, shape),
        market_measures={name: _walk(rng, (DAYS, 1))[:, 0] for name, kind in KINDS.items() if kind.scope == "market"},
        headlines=tuple(
            sorted((*_headlines(rng), *_posts(), *_macro()), key=lambda h: (h.known, h.published_at, h.title))
        ),
        simulated=True,
    )


@pytest.fixture(scope="session")
def real(archive: Path) -> Panel:
    """Candles alone of 40 tokens of the real archive: the large, the dead, the gappy, the estimated."""
    table = pd.read_csv(archive / "candles.csv.gz", parse_dates=["date"])
    counted = table.groupby("symbol")["date"].agg(["count", "min", "max"])
    holed = counted[(counted["max"] - counted["min"]).dt.days + 1 - counted["count"] > 20].index[:10]
    chosen = sorted({*counted.index[::12], *holed, "BTC", "ETH", "FTT", "LUNC", "SHIB", "USDC"} & {*counted.index})
    table = table[table["symbol"].isin(chosen)]
    dates = np.arange(table["date"].min().to_datetime64(), table["date"].max().to_datetime64() + 1, dtype="M8[D]")
    sources = {name: code for code, name in enumerate(sorted(table["volume_source"].dropna().unique()))}
    table["venue"] = table["volume_source"].map(sources).fillna(-1)
    wide = {
        name: table.pivot(index="date", columns="symbol", values=name).reindex(index=dates, columns=chosen).to_numpy()
        for name in ("open", "high", "low", "close", "volume_usd", "venue", "range_estimated")
    }
    empty = np.full(wide["close"].shape, np.nan)
    return Panel(
        dates=dates,
        tokens=tuple(_token(i, symbol) for i, symbol in enumerate(chosen)),
        **{name: wide[name].astype(np.float64) for name in ("open", "high", "low", "close")},
        volume=wide["volume_usd"].astype(np.float64),
        venue=np.nan_to_num(wide["venue"], nan=-1).astype(np.int16),
        estimated=np.nan_to_num(wide["range_estimated"]).astype(np.bool_),
        supply=empty,
        rank=empty,
        market_volume=empty,
        token_measures={},
        market_measures={},
        headlines=(),
        simulated=False,
    )


def at(symbol: str) -> int:
    return SYMBOLS.index(symbol)


def _token(i: int, symbol: str) -> Token:
    kind = TokenKind.STABLE if symbol in ("STABLE", "USDC") else TokenKind.COIN
    return Token(i + 1, symbol, NAMES.get(symbol, symbol.title()), kind)


def _observed(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    seen = np.ones(shape, dtype=np.bool_)
    seen[:, at("GAPPY")] = rng.uniform(size=DAYS) > 0.06
    seen[300:340, at("GAPPY")] = seen[520:660, at("GAPPY")] = False
    seen[500:, at("DEAD")] = False
    seen[:700, at("LATE")] = False
    seen[:, at("SPARSE")] = np.arange(DAYS) % 4 == 0
    seen[780:830, at("VENUES")] = False
    return seen


def _walk(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    values = 50 * np.exp(np.cumsum(0.01 * rng.standard_normal(shape), axis=0))
    values[200:230] = np.nan
    return values


def _token_measures(rng: np.random.Generator, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    measures = {}
    for name, kind in KINDS.items():
        if kind.scope != "market":
            values = _walk(rng, shape)
            values[:, [at(s) for s in ("GAPPY", "XRP", "STABLE")]] = np.nan
            measures[name] = values
    return measures


def _headlines(rng: np.random.Generator) -> tuple[Headline, ...]:
    made = []
    for day in range(400, DAYS):
        known = (FIRST + day).item()
        for _ in range(int(rng.integers(0, 4))):
            title = f"{TITLES[int(rng.integers(len(TITLES)))]} ({day})"
            made.append(Headline(f"{known - dt.timedelta(days=1)} 10:00:00", "Paper", "", title, known.isoformat()))
    return tuple(made)


def _macro() -> list[Headline]:
    """What two offices say every other day or so."""
    rng = np.random.default_rng(9)
    made = []
    for day in range(380, DAYS):
        known = (FIRST + day).item().isoformat()
        for source, subject in (("Bank", "central bank"), ("Office", "economy")):
            if rng.uniform() < 0.6:
                title = f"{OFFICES[int(rng.integers(len(OFFICES)))]} ({day})"
                made.append(Headline(f"{known} 13:00:00", source, subject, title, known))
    return made


def _posts() -> list[Headline]:
    """Up to five posts a day of a dozen authors, who say the same thing more than once."""
    rng = np.random.default_rng(8)
    made = []
    for day in range(350, DAYS):
        known = (FIRST + day).item().isoformat()
        for number in range(int(rng.integers(0, 6))):
            text, author = POSTS[int(rng.integers(len(POSTS)))], f"author_{int(rng.integers(12))}"
            made.append(Headline(f"{known} 12:00:{number:02d}", "Square", "", f"{text} {number}", known, author, True))
    return made
