"""The frozen types of what was observed: tokens and their names, candles, rankings, outside series, headlines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, NamedTuple


class TokenKind(StrEnum):
    """What a token is, which decides whether an index may hold it."""

    COIN = "coin"
    STABLE = "stable"
    WRAPPED = "wrapped"


@dataclass(frozen=True, slots=True)
class Token:
    """A token under its own id; `symbol` is its canonical and unique name here, tickers are aliases."""

    id: int
    symbol: str
    name: str
    kind: TokenKind
    themes: tuple[str, ...] = ()


class Alias(NamedTuple):
    """Another name of a token; a venue's price of `alias` is `multiplier` tokens (1000SATS: 1000)."""

    alias: str
    symbol: str
    kind: Literal["ticker", "venue", "former", "name"]
    multiplier: float = 1.0


class Candle(NamedTuple):
    """One UTC day of one token; open, high, low may be unknown; `volume_usd` is one venue's (`source`)."""

    date: str
    token: int
    open: float | None
    high: float | None
    low: float | None
    close: float
    volume_usd: float | None
    source: str
    range_estimated: bool


class Snapshot(NamedTuple):
    """The market's ranking on one day: capitalisation, supply and whole-market volume of one token."""

    date: str
    token: int
    rank: int
    price: float
    market_cap: float
    supply: float
    volume_24h_usd: float


class Measure(NamedTuple):
    """One value of one outside series; `known` is the UTC day from whose end on it may be seen."""

    metric: str
    subject: str
    date: str
    value: float
    source: str
    known: str


CENTRAL_BANK: Final = "central bank"  # subjects of texts that are about no token
ECONOMY: Final = "economy"


class Proposal(NamedTuple):
    """A token that a source counts to a theme, under that source's own word for it."""

    symbol: str
    theme: str
    because: str


class Headline(NamedTuple):
    """One headline, or a post where `social`; by the end of the UTC day `known` everybody has read it."""

    published_at: str
    source: str
    subject: str
    title: str
    known: str
    author: str = ""
    social: bool = False
