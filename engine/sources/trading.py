"""The exchanges through ccxt, which knows their shapes and asks through our client: markets, candles, books, tickers.

Documentation: https://docs.ccxt.com/#/README?id=order-book, https://docs.ccxt.com/#/README?id=price-tickers, and of the
venues what engine/sources/live/exchanges.py and order_books.py name. USDT and USDC are taken for dollars.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.aliases import aliases_for
from engine.errors import SourceError, SourceGarbled, SourceRefused, SourceUnavailable
from engine.model import Token
from engine.sources.port import Client
from engine.sources.venues import Bar

DAY_MS = 86_400_000
MOST_PAGES = 60
SIDES = ("bids", "asks")
MOST_DIGITS = 100  # of a price's fraction: ccxt writes out as many zeros as it is told of, a billion if need be
ENDLESS = re.compile(r'[:\[,]\s*"?-?[\d.]+[eE][+-]?\d{4,}"?\s*[,\]}]')  # 1e1000000, which it would reckon with whole


@dataclass(frozen=True, slots=True)
class Venue:
    """An exchange by its ccxt name: quote currencies in order, days an answer holds, ccxt's settings."""

    id: str
    quotes: tuple[str, ...]
    page: int
    options: Mapping[str, object] = field(default_factory=dict)
    api: str = ""
    levels: int = 500  # of a book: Binance counts much more for more, Kraken has no more


SPOT = {"fetchMarkets": {"types": ["spot"]}}
VENUES = (  # in the order in which their volume is taken for a token that has none yet
    Venue("binance", ("USDT", "USDC"), 1000, SPOT, "https://data-api.binance.vision/api/v3"),
    Venue("okx", ("USDT", "USDC"), 300, SPOT, levels=400),
    Venue("kraken", ("USD", "USDT"), 720),
)


class Listing:
    """What a venue calls a token: its market, and how many tokens one unit of it is (1000SATS: 1000)."""

    def __init__(self, symbol: str, multiplier: float, created: int) -> None:
        self.symbol, self.multiplier, self.created = symbol, multiplier, created


class Ticker(NamedTuple):
    """A market's last price (USD for one token of its own name) and its volume of the last 24 hours, USD."""

    last: float
    volume_usd: float


class Book(NamedTuple):
    """An order book, best prices first: (price, USD that stands there) on both sides."""

    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]

    def is_sound(self) -> bool:
        """Whether it is one: both sides, in order, not crossed, all above zero."""
        bids, asks = ([price for price, _ in side] for side in self)
        return (
            bool(bids and asks)
            and bids[-1] > 0
            and bids[0] < asks[0]
            and bids == sorted(bids, reverse=True)
            and asks == sorted(asks)
            and all(math.isfinite(x) and x > 0 for side in self for level in side for x in level)
        )

    @property
    def middle(self) -> float:
        return (self.bids[0][0] + self.asks[0][0]) / 2

    @property
    def spread(self) -> float:
        """The way from bid to ask, as a share of the middle."""
        return (self.asks[0][0] - self.bids[0][0]) / self.middle

    def depth(self, reach: float) -> float | None:
        """USD on both sides within `reach` of the middle; None where a side ends before it."""
        low, high = self.middle * (1 - reach), self.middle * (1 + reach)
        if self.bids[-1][0] > low or self.asks[-1][0] < high:
            return None
        return sum(usd for price, usd in (*self.bids, *self.asks) if low <= price <= high)


class Exchange:
    """One venue through ccxt, whose requests go through our client."""

    def __init__(self, venue: Venue, client: Client) -> None:
        from ccxt import async_support

        self.venue = venue
        self._client = client
        self._ccxt: Any = getattr(async_support, venue.id)({"enableRateLimit": False, "options": dict(venue.options)})
        self._ccxt.fetch = self._get  # ccxt's own would open a session of its own
        self._ccxt.parse_precision = _bounded(self._ccxt.parse_precision)
        self._ccxt.has["fetchCurrencies"] = False  # prices need no currencies, and some venues want a key for them
        if venue.api:
            self._ccxt.urls["api"]["public"] = venue.api
        self.error: SourceError | None = None
        self.loaded = False

    async def load(self) -> None:
        """Ask for the venue's markets; what goes wrong is kept in `error`."""
        try:
            markets = await self._asked(self._ccxt.load_markets())
            if not any(market.get("spot") for market in markets.values()):
                raise SourceGarbled(f"{self.venue.id} lists no market at all: it may have changed its format.")
            self.loaded = True
        except SourceError as error:
            self.error = error

    def listing(self, names: Sequence[tuple[str, float]], quotes: Sequence[str] | None = None) -> Listing | None:
        """The token's spot market here, under the first of its names that has one, in the first of the `quotes`."""
        for ticker, multiplier in names:
            for quote in self.venue.quotes if quotes is None else quotes:
                market = self._ccxt.markets.get(f"{ticker}/{quote}") if self.loaded else None
                if market and market.get("spot") and market.get("active") is not False:
                    return Listing(market["symbol"], multiplier, market.get("created") or 0)
        return None

    async def bars(self, listing: Listing, since: dt.date, until: dt.date) -> list[Bar]:
        """The complete days from `since` on, oldest first; SourceError where the venue does not answer."""
        running = (until + dt.timedelta(days=1)).isoformat()  # a day that is not over, and changes still
        start = max(_milliseconds(since), listing.created // DAY_MS * DAY_MS)
        end = _milliseconds(until)
        found: dict[Bar, None] = {}
        for _ in range(MOST_PAGES):
            if start > end:
                return sorted(found)
            page = min(self.venue.page, (end - start) // DAY_MS + 1)
            rows = await self._asked(self._ccxt.fetch_ohlcv(listing.symbol, "1d", start, page))
            read = [_bar(row, listing.multiplier) for row in rows]
            found |= dict.fromkeys(bar for bar in read if since.isoformat() <= bar.date != running)
            newest = max((row[0] for row in rows), default=0)
            start = newest + DAY_MS if newest >= start else start + page * DAY_MS
        raise SourceGarbled(f"{self.venue.id} sends one page of candles after the other without end.")

    async def book(self, listing: Listing) -> Book:
        """The market's order book as it stands."""
        raw = await self._asked(self._ccxt.fetch_order_book(listing.symbol, self.venue.levels))
        try:
            sides = [
                tuple((float(price), float(price) * float(size)) for price, size, *_ in raw[side]) for side in SIDES
            ]
        except (TypeError, ValueError, KeyError):
            raise SourceGarbled(f"{self.venue.id} sends a book of {listing.symbol} that is none.") from None
        return Book(*sides)

    async def tickers(self) -> dict[str, Ticker]:
        """Every spot market's ticker in one answer, by ccxt's symbol; what has no readable price is left out."""
        raw = await self._asked(self._ccxt.fetch_tickers())
        found = {}
        for symbol, ticker in raw.items():
            last, volume, counted = ticker.get("last"), ticker.get("quoteVolume"), ticker.get("baseVolume")
            worth = volume if volume is not None else (counted or 0.0) * (last or 0.0)
            if last and last > 0 and worth >= 0 and math.isfinite(last) and math.isfinite(worth):
                found[symbol] = Ticker(float(last), float(worth))
        return found

    async def _get(self, url: str, method: str = "GET", headers: object = None, body: object = None) -> Any:
        """What ccxt calls to reach the venue."""
        answer = await self._client.get(url)
        if ENDLESS.search(answer.text()):
            raise SourceGarbled(f"{self.venue.id} sends numbers of a thousand digits and more.")
        data = answer.json()
        self._ccxt.handle_errors(200, "OK", url, method, {}, answer.text(), data, {}, None)
        return data

    async def _asked(self, question: Any) -> Any:
        """The answer to a question to ccxt; its errors become ours."""
        import ccxt

        try:
            return await question
        except SourceError:
            raise
        except (ccxt.AuthenticationError, ccxt.PermissionDenied):
            raise SourceRefused(f"{self.venue.id} refuses to be asked without a key, or from here.") from None
        except ccxt.NetworkError:
            raise SourceUnavailable(f"{self.venue.id} does not answer now.") from None
        except Exception as error:  # whatever ccxt trips over, the venue's answer was not what is documented
            raise SourceGarbled(
                f"{self.venue.id} sends what cannot be read as its documentation says ({type(error).__name__})."
            ) from None


def _bounded(write: Callable[[str | None], str | None]) -> Callable[[str | None], str | None]:
    """ccxt's own way from a count of digits to a number, for counts that a price may have."""

    def bounded(digits: str | None) -> str | None:
        if digits is not None and abs(int(digits)) > MOST_DIGITS:
            raise ValueError(f"a price has no {digits} digits")
        return write(digits)

    return bounded


def names_of(tokens: Sequence[Token]) -> dict[str, list[tuple[str, float]]]:
    """Names a venue may use for each token, its own first, with how many tokens a unit is; shared ones are left out."""
    own = {token.symbol for token in tokens}
    names = {symbol: [(symbol, 1.0)] for symbol in own}
    aliases = [alias for alias in aliases_for(tokens) if alias.kind != "name" and alias.alias not in own]
    claims: dict[str, set[str]] = {}
    for alias in aliases:
        claims.setdefault(alias.alias, set()).add(alias.symbol)
    for alias in aliases:
        if len(claims[alias.alias]) == 1 and "_" not in alias.symbol:
            names[alias.symbol].append((alias.alias, alias.multiplier))
    return names


def _bar(row: Sequence[Any], multiplier: float) -> Bar:
    """ccxt's [milliseconds, open, high, low, close, volume] in prices and counts of single tokens."""
    numbers = [float("nan") if value is None else float(value) for value in row[1:6]]
    date = dt.datetime.fromtimestamp(row[0] / 1000, dt.UTC).date().isoformat()
    open_, high, low, close = (value / multiplier for value in numbers[:4])
    return Bar(date, open_, high, low, close, numbers[4] * multiplier)


def _milliseconds(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp() * 1000)
