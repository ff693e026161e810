"""What an order meets today: depth around the middle, spread, and how the volume is spread over the exchanges.

Documentation: https://docs.ccxt.com/#/README?id=order-book and https://docs.ccxt.com/#/README?id=price-tickers, and of
the venues https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book,
https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-order-book (400 levels) and
https://docs.kraken.com/api-reference/market-data/get-order-book (500 levels). A book that does not reach 1 % or 2 %
from its middle says nothing of that depth: half of an answer would look like a thin market. Depth and spread are the
median over the venues that list a token; shares are of those venues' volume of 24 hours, and need two of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from engine.errors import SourceError, SourceGarbled
from engine.sources.live.exchanges import HOSTS
from engine.sources.port import Batch, Client, Reject, Series, Source, Want
from engine.sources.reading import excerpt, measure
from engine.sources.trading import VENUES, Book, Exchange, names_of
from engine.sources.venues import APART

TOKENS_AT_ONCE = 8
DEPTHS = {"depth_1pct": 0.01, "depth_2pct": 0.02}
SPREAD, SHARE, CONCENTRATION = "spread", "venue_share", "venue_concentration"
OF_BOOKS = (*DEPTHS, SPREAD)


async def fetch(client: Client, want: Want) -> AsyncIterator[Batch]:
    """Ask every venue for its tickers at once, then for the book of each token it lists."""
    exchanges = [Exchange(venue, client) for venue in VENUES]
    await asyncio.gather(*(exchange.load() for exchange in exchanges))
    errors = [exchange.error for exchange in exchanges if exchange.error]
    if len(errors) == len(exchanges):
        raise errors[0]
    names = names_of(list(want.tokens.values()))
    wanted: dict[str, list[Series]] = {}
    for series in sorted(want.since):
        wanted.setdefault(series.subject, []).append(series)
    volumes, notes = await _volumes(exchanges, names)
    yield Batch(notes=(*(str(error) for error in errors), *notes))
    symbols = sorted(wanted)
    for start in range(0, len(symbols), TOKENS_AT_ONCE):
        group = symbols[start : start + TOKENS_AT_ONCE]
        found = await asyncio.gather(*(_looked(exchanges, names.get(symbol, ())) for symbol in group))
        for symbol, looked in zip(group, found, strict=True):
            whole = not (errors or notes)
            yield _batch(want, wanted[symbol], looked, volumes.get(symbol, {}) if whole else {}, whole)


async def _volumes(
    exchanges: Sequence[Exchange], names: Mapping[str, Sequence[tuple[str, float]]]
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """{symbol: {venue: USD of 24 hours}}, and what went wrong."""
    up = [exchange for exchange in exchanges if exchange.loaded]
    answers = await asyncio.gather(*(exchange.tickers() for exchange in up), return_exceptions=True)
    found: dict[str, dict[str, float]] = {}
    notes, unsaid = [], set()
    for exchange, tickers in zip(up, answers, strict=True):
        if isinstance(tickers, SourceError):
            notes.append(str(tickers))
        elif isinstance(tickers, BaseException):
            raise tickers
        else:
            for symbol, known in names.items():
                listing = exchange.listing(known)
                if listing and listing.symbol in tickers:
                    found.setdefault(symbol, {})[exchange.venue.id] = tickers[listing.symbol].volume_usd
                elif listing:
                    unsaid.add(symbol)  # a share of what is not whole is none
    return {symbol: volumes for symbol, volumes in found.items() if symbol not in unsaid}, notes


@dataclass(slots=True)
class _Looked:
    """The books of a token that are believed; why others are not; whether a venue that lists it did not answer."""

    books: list[Book] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    down: bool = False


async def _looked(exchanges: Sequence[Exchange], names: Sequence[tuple[str, float]]) -> _Looked:
    """Ask every venue that lists a token for its book; one that is none, or far from the others', is left out."""
    listed = [(exchange, found) for exchange in exchanges if (found := exchange.listing(names))]
    answers = await asyncio.gather(*(exchange.book(found) for exchange, found in listed), return_exceptions=True)
    looked, sound = _Looked(), []
    for (exchange, listing), answer in zip(listed, answers, strict=True):
        if isinstance(answer, Book) and answer.is_sound():
            sound.append((exchange.venue.id, answer.middle / listing.multiplier, answer))
        elif isinstance(answer, Book):
            looked.faults.append(("range", f"{exchange.venue.id}: best {answer.bids[:1]}, {answer.asks[:1]}"))
        elif isinstance(answer, SourceGarbled):
            looked.faults.append(("unreadable", str(answer)))
        elif isinstance(answer, SourceError):
            looked.down = True
        else:
            raise answer
    usual = median(middle for _, middle, _ in sound) if sound else 0.0
    for venue, middle, book in sound:
        if abs(middle - usual) <= APART * usual:
            looked.books.append(book)
        else:
            looked.faults.append(("venues disagree", f"{venue}: {middle}, the median {usual}"))
    return looked


def _batch(want: Want, wanted: Sequence[Series], looked: _Looked, volumes: Mapping[str, float], whole: bool) -> Batch:
    """What is known of one token; where a venue is missing today, what could not be said is asked for again."""
    today = want.until.isoformat()
    values = measures_of(looked.books, volumes)
    rows = [
        measure(series.kind, series.subject, today, values[series.kind], SOURCE.id)
        for series in wanted
        if series.kind in values
    ]
    rejects = [
        Reject(series, today, reason, excerpt(said))
        for series in wanted
        if series.kind == SPREAD
        for reason, said in looked.faults
    ]
    settled = whole and not looked.down and not looked.faults
    answered = [series for series in wanted if settled or series.kind in values]
    return Batch(tuple(rows), frozenset(answered), tuple(rejects))


def measures_of(books: Iterable[Book], volumes: Mapping[str, float]) -> dict[str, float]:
    """{kind: value} of one token, from sound books and {venue: USD of 24 hours}; what cannot be said is absent."""
    found: dict[str, float] = {}
    sound = list(books)
    for kind, reach in DEPTHS.items():
        depths = [depth for book in sound if (depth := book.depth(reach)) is not None]
        if depths:
            found[kind] = median(depths)
    if sound:
        found[SPREAD] = median(book.spread for book in sound)
    whole = sum(volumes.values())
    if len(volumes) > 1 and whole > 0:
        shares = [volume / whole for volume in volumes.values()]
        found[SHARE] = max(shares)
        found[CONCENTRATION] = sum(share**2 for share in shares)
    return found


SOURCE = Source(
    id="order_books",
    title="Order books (Binance, OKX, Kraken)",
    family="price",
    feeds=(*OF_BOOKS, SHARE, CONCENTRATION),
    hosts=HOSTS,
    cites="https://docs.ccxt.com/#/README?id=order-book",
    terms="public market data of each exchange, under its terms",
    fetch=fetch,
    newest=0,
    passing=frozenset({*OF_BOOKS, SHARE, CONCENTRATION}),
)
