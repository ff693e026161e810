"""Daily candles from several exchanges through ccxt, made one by their median.

Documentation: https://docs.ccxt.com/#/README?id=ohlcv-candlestick-charts, and of the venues
https://docs.kraken.com/api-reference/market-data/get-ohlc-data (at most the last 720 days),
https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks-history,
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#klinecandlestick-data (asked at
data-api.binance.vision, its host for public data). ccxt knows the venues' shapes; it asks through our client.
USDT and USDC are taken for dollars. Volume is a venue's own, in tokens, times the close.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.aliases import aliases_for
from engine.errors import SourceError, SourceGarbled, SourceRefused, SourceUnavailable
from engine.model import Token
from engine.sources.port import CANDLES, Batch, Client, Host, Reject, Row, Series, Source, Want
from engine.sources.venues import Bar, Combined, combine

DAY_MS = 86_400_000
TOKENS_AT_ONCE = 8
MOST_PAGES = 60


@dataclass(frozen=True, slots=True)
class Venue:
    """An exchange by its ccxt name: quote currencies in order, days an answer holds, ccxt's settings."""

    id: str
    quotes: tuple[str, ...]
    page: int
    options: Mapping[str, object] = field(default_factory=dict)
    api: str = ""


SPOT = {"fetchMarkets": {"types": ["spot"]}}
VENUES = (  # in the order in which their volume is taken for a token that has none yet
    Venue("binance", ("USDT", "USDC"), 1000, SPOT, "https://data-api.binance.vision/api/v3"),
    Venue("okx", ("USDT", "USDC"), 300, SPOT),
    Venue("kraken", ("USD", "USDT"), 720),
)


class _Listing:
    """What a venue calls a token: its market, and how many tokens one unit of it is (1000SATS: 1000)."""

    def __init__(self, symbol: str, multiplier: float, created: int) -> None:
        self.symbol, self.multiplier, self.created = symbol, multiplier, created


class _Exchange:
    """One venue through ccxt, whose requests go through our client."""

    def __init__(self, venue: Venue, client: Client) -> None:
        from ccxt import async_support

        self.venue = venue
        self._client = client
        self._ccxt: Any = getattr(async_support, venue.id)({"enableRateLimit": False, "options": dict(venue.options)})
        self._ccxt.fetch = self._get  # ccxt's own would open a session of its own
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

    def listing(self, names: Sequence[tuple[str, float]]) -> _Listing | None:
        """The token's spot market here, under the first of its names that has one."""
        for ticker, multiplier in names:
            for quote in self.venue.quotes:
                market = self._ccxt.markets.get(f"{ticker}/{quote}") if self.loaded else None
                if market and market.get("spot") and market.get("active") is not False:
                    return _Listing(market["symbol"], multiplier, market.get("created") or 0)
        return None

    async def bars(self, listing: _Listing, since: dt.date, until: dt.date) -> list[Bar]:
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

    async def _get(self, url: str, method: str = "GET", headers: object = None, body: object = None) -> Any:
        """What ccxt calls to reach the venue."""
        answer = await self._client.get(url)
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


async def fetch(client: Client, want: Want) -> AsyncIterator[Batch]:
    """Ask every venue that lists a token, a few tokens at a time; SourceError where no venue answers at all."""
    exchanges = [_Exchange(venue, client) for venue in VENUES]
    await asyncio.gather(*(exchange.load() for exchange in exchanges))
    errors = [exchange.error for exchange in exchanges if exchange.error]
    yield Batch(notes=tuple(str(error) for error in errors))
    if len(errors) == len(exchanges):
        raise errors[0]
    names = _names(list(want.tokens.values()))
    missing = sorted(series for series in want.since if series.subject in want.tokens)
    for start in range(0, len(missing), TOKENS_AT_ONCE):
        group = missing[start : start + TOKENS_AT_ONCE]
        yield _joined(await asyncio.gather(*(_candles(exchanges, want, s, names[s.subject]) for s in group)))


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of one token."""

    series: Series
    made: Combined
    answered: bool
    notes: tuple[str, ...]


async def _candles(
    exchanges: Sequence[_Exchange], want: Want, series: Series, names: Sequence[tuple[str, float]]
) -> _Found:
    """One token's candles from all venues that list it."""
    listed = {e.venue.id: (e, found) for e in exchanges if (found := e.listing(names))}
    answers = await asyncio.gather(
        *(e.bars(found, want.since[series], want.until) for e, found in listed.values()), return_exceptions=True
    )
    bars: dict[str, list[Bar]] = {}
    notes: list[str] = []
    for venue, answer in zip(listed, answers, strict=True):
        if isinstance(answer, SourceError):
            notes.append(str(answer))
        elif isinstance(answer, BaseException):
            raise answer
        elif not answer:
            notes.append(f"{venue} lists {series.subject} and has no candle of it since {want.since[series]}")
        else:
            bars[venue] = answer
    down = {e.venue.id for e in exchanges if e.error} | (listed.keys() - bars.keys())
    last = want.last.get(series.subject)
    volume_of = _volume_of(last.source if last else "", bars, down)
    token = want.tokens[series.subject].id
    made = combine(series.subject, token, bars, volume_of, last.close if last else None)
    return _Found(series, made, bool(bars) or not down, tuple(notes))


def _volume_of(before: str, bars: Mapping[str, object], down: set[str]) -> str | None:
    """Whose volume to take: the venue it was before, also where that says nothing today, or its levels would jump."""
    if before in bars or before in down:
        return before
    return next((venue.id for venue in VENUES if venue.id in bars), None)


def _joined(found: Sequence[_Found]) -> Batch:
    rows: list[Row] = [candle for one in found for candle in one.made.candles]
    rejects: list[Reject] = [reject for one in found for reject in one.made.rejects]
    return Batch(
        tuple(rows),
        frozenset(one.series for one in found if one.answered),
        tuple(rejects),
        frozenset((one.series, date) for one in found for date in one.made.confirmed),
        notes=tuple(dict.fromkeys(note for one in found for note in one.notes)),
    )


def _names(tokens: Sequence[Token]) -> dict[str, list[tuple[str, float]]]:
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


SOURCE = Source(
    id="exchanges",
    title="Exchanges (Binance, OKX, Kraken)",
    family="price",
    feeds=(CANDLES,),
    hosts=(
        Host("https://data-api.binance.vision", every=0.2, probe="/api/v3/ping", at_once=2),
        Host("https://www.okx.com", every=0.2, probe="/api/v5/public/time", at_once=2),
        Host("https://api.kraken.com", every=1.1, probe="/0/public/Time"),
    ),
    cites="https://docs.ccxt.com/#/README?id=ohlcv-candlestick-charts",
    terms="public market data of each exchange, under its terms",
    fetch=fetch,
)
