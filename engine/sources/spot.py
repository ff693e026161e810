"""Spot prices of many tokens at once, for a watch that asks every few minutes: exchanges first, CoinGecko confirming.

Documentation: https://docs.ccxt.com/#/README?id=price-tickers (all markets of an exchange in one answer) and
https://docs.coingecko.com/v3.0.1/reference/simple-price (many ids in one answer, seconds of the last update). Nothing
of it is stored. A stablecoin is priced against dollars only: in another stablecoin it would show that one's fall as its
own rise. What an exchange traded of a token in the last 24 hours comes with its price.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from engine.errors import SourceError, SourceGarbled
from engine.model import Token, TokenKind
from engine.sources.live import coingecko
from engine.sources.live.exchanges import HOSTS
from engine.sources.port import Batch, Client, Source, Want
from engine.sources.reading import Unreadable, entry, number
from engine.sources.trading import VENUES, Exchange, Ticker, names_of
from engine.sources.venues import APART

AGREES = 0.02  # of the other source's price
STABLE_AGREES = 0.005
VENUES_AGREE = 0.01
OLD = dt.timedelta(minutes=15)  # CoinGecko renews a price every minute
MARKETS_LAST = dt.timedelta(hours=12)  # for which an exchange's list of markets is not asked for again


@dataclass(frozen=True, slots=True)
class Spot:
    """A token's price now, USD: None where nobody says one that can be believed. `says` is why it is confirmed, or not.

    `venues` are the exchanges that agree on it, `second` what the second source says, `volumes` what those venues
    traded of it in the last 24 hours, USD; a venue that says nothing of that is left out.
    """

    symbol: str
    price: float | None
    confirmed: bool
    venues: tuple[str, ...]
    second: float | None
    says: str
    volumes: Mapping[str, float] = field(default_factory=dict)


class SpotDesk:
    """Asks for spot prices again and again; keeps the exchanges' lists of markets between two questions.

    `client` must be bound to `ASKED`. `errors` are what went wrong at the last question, a sentence a source.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._exchanges = [Exchange(venue, client) for venue in VENUES]
        self._loaded: dict[str, dt.datetime] = {}
        self.errors: tuple[str, ...] = ()

    async def ask(self, tokens: Sequence[Token], ids: Mapping[str, str], now: dt.datetime) -> tuple[Spot, ...]:
        """The prices of `tokens`, in their order; `ids` are CoinGecko's, {id: symbol}. What fails is in `errors`."""
        answers = await asyncio.gather(
            *(self._venue(exchange, tokens, now) for exchange in self._exchanges),
            self._second(tokens, ids, now),
            return_exceptions=True,
        )
        errors: list[str] = []
        found: list[dict[str, Ticker]] = []
        for answer in answers:
            if isinstance(answer, SourceError):
                errors.append(str(answer))
                found.append({})
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found.append(answer)
        self.errors = tuple(errors)
        *first, second = found
        venues = dict(zip((exchange.venue.id for exchange in self._exchanges), first, strict=True))
        return tuple(_spot(token, venues, second) for token in tokens)

    async def _venue(self, exchange: Exchange, tokens: Sequence[Token], now: dt.datetime) -> dict[str, Ticker]:
        """One exchange's tickers of single tokens, one request but for the first of a while."""
        loaded = self._loaded.get(exchange.venue.id)
        if loaded is None or now - loaded > MARKETS_LAST:
            await exchange.load()
            if exchange.error:
                error, exchange.error = exchange.error, None
                raise error
            self._loaded[exchange.venue.id] = now
        tickers, names, found = await exchange.tickers(), names_of(tokens), {}
        for token in tokens:
            quotes = ("USD",) if token.kind is TokenKind.STABLE else exchange.venue.quotes
            listing = exchange.listing(names[token.symbol], quotes)
            if listing and listing.symbol in tickers:
                ticker = tickers[listing.symbol]
                found[token.symbol] = ticker._replace(last=ticker.last / listing.multiplier)
        return found

    async def _second(self, tokens: Sequence[Token], ids: Mapping[str, str], now: dt.datetime) -> dict[str, Ticker]:
        """CoinGecko's prices, without those that it has not renewed lately."""
        wanted = {symbol: id for id, symbol in ids.items() if symbol in {token.symbol for token in tokens}}
        if not wanted:
            return {}
        params = {
            "ids": ",".join(sorted(wanted.values())), "vs_currencies": "usd", "include_last_updated_at": "true",
        }  # fmt: skip
        raw = (await self._client.get(f"{coingecko.ORIGIN}/api/v3/simple/price", params)).json()
        if not isinstance(raw, Mapping) or not raw.keys() & set(wanted.values()):
            raise SourceGarbled("CoinGecko has a price of none of the tokens it was asked for.")
        found = {}
        for symbol, id in wanted.items():
            if id not in raw:
                continue
            try:
                price, when = number(entry(raw, id, "usd")), number(entry(raw, id, "last_updated_at"))
            except Unreadable:
                continue
            if price > 0 and abs(now.timestamp() - when) <= OLD.total_seconds():
                found[symbol] = Ticker(price, 0.0)
        return found


async def spot(client: Client, tokens: Sequence[Token], ids: Mapping[str, str], now: dt.datetime) -> tuple[Spot, ...]:
    """Ask once for the prices of `tokens`; see `SpotDesk.ask`."""
    return await SpotDesk(client).ask(tokens, ids, now)


def _spot(token: Token, venues: Mapping[str, Mapping[str, Ticker]], second: Mapping[str, Ticker]) -> Spot:
    """One token's price from all tickers, with the volume of the venues that agree on it."""
    said = {venue: tickers[token.symbol] for venue, tickers in venues.items() if token.symbol in tickers}
    other = second.get(token.symbol)
    agrees = STABLE_AGREES if token.kind is TokenKind.STABLE else AGREES
    prices = {venue: ticker.last for venue, ticker in said.items()}
    spot = confirmed(token.symbol, prices, other.last if other else None, agrees)
    return replace(spot, volumes={v: said[v].volume_usd for v in spot.venues if said[v].volume_usd > 0})


def confirmed(symbol: str, first: Mapping[str, float], second: float | None, agrees: float = AGREES) -> Spot:
    """What the exchanges ({venue: price}) say of a token together, and whether the second source bears it out.

    A venue more than 25 % from the median is dropped; of two that differ so much, neither is believed. Without a second
    source two venues within 1 % confirm each other.
    """
    sound = {venue: price for venue, price in first.items() if math.isfinite(price) and price > 0}
    usual = median(sound.values()) if sound else 0.0
    near = {venue: price for venue, price in sound.items() if abs(price - usual) <= APART * usual}
    if not near:
        says = "exchanges disagree" if sound else "no exchange has a price"
        return Spot(symbol, None, False, (), second, says)
    price, venues = median(near.values()), tuple(sorted(near))
    if second is not None:
        fits = abs(price - second) <= agrees * second
        says = "a second source agrees" if fits else f"a second source says {second:.6g}"
        return Spot(symbol, price, fits, venues, second, says)
    together = len(near) > 1 and max(near.values()) - min(near.values()) <= VENUES_AGREE * price
    return Spot(
        symbol, price, together, venues, None, "exchanges agree" if together else "no second source has a price"
    )


async def _nothing(client: Client, want: Want) -> AsyncIterator[Batch]:
    """Nothing here is part of a fetch."""
    return
    yield Batch()


ASKED = Source(  # under CoinGecko's id, so that its key serves here too
    id=coingecko.SOURCE.id,
    title="Spot prices (exchanges, CoinGecko)",
    family="price",
    feeds=(),
    hosts=(*HOSTS, *coingecko.SOURCE.hosts),
    cites="https://docs.coingecko.com/v3.0.1/reference/simple-price",
    terms="public market data of each exchange, under its terms; CoinGecko free, with attribution",
    fetch=_nothing,
    key=coingecko.SOURCE.key,
)
