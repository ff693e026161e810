"""Daily candles from several exchanges through ccxt, made one by their median.

Documentation: https://docs.ccxt.com/#/README?id=ohlcv-candlestick-charts, and of the venues
https://docs.kraken.com/api-reference/market-data/get-ohlc-data (at most the last 720 days),
https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks-history,
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#klinecandlestick-data (asked at
data-api.binance.vision, its host for public data).
USDT and USDC are taken for dollars. Volume is a venue's own, in tokens, times the close.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import SourceError
from engine.sources.port import CANDLES, Batch, Client, Host, Reject, Row, Series, Source, Want
from engine.sources.trading import VENUES, Exchange, names_of
from engine.sources.venues import Bar, Combined, combine

TOKENS_AT_ONCE = 8
HOSTS = (
    Host("https://data-api.binance.vision", every=0.2, probe="/api/v3/ping", at_once=2),
    Host("https://www.okx.com", every=0.2, probe="/api/v5/public/time", at_once=2),
    Host("https://api.kraken.com", every=1.1, probe="/0/public/Time"),
)


async def fetch(client: Client, want: Want) -> AsyncIterator[Batch]:
    """Ask every venue that lists a token, a few tokens at a time; SourceError where no venue answers at all."""
    exchanges = [Exchange(venue, client) for venue in VENUES]
    await asyncio.gather(*(exchange.load() for exchange in exchanges))
    errors = [exchange.error for exchange in exchanges if exchange.error]
    yield Batch(notes=tuple(str(error) for error in errors))
    if len(errors) == len(exchanges):
        raise errors[0]
    names = names_of(list(want.tokens.values()))
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
    exchanges: Sequence[Exchange], want: Want, series: Series, names: Sequence[tuple[str, float]]
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


SOURCE = Source(
    id="exchanges",
    title="Exchanges (Binance, OKX, Kraken)",
    family="price",
    feeds=(CANDLES,),
    hosts=HOSTS,
    cites="https://docs.ccxt.com/#/README?id=ohlcv-candlestick-charts",
    terms="public market data of each exchange, under its terms",
    fetch=fetch,
)
