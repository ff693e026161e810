"""Checks the rows of each archive file and turns them into the engine's types, or refuses them with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from engine.measures import KINDS
from engine.model import Candle, Headline, Measure, Token, TokenKind
from engine.sources.archive_table import (
    Refused,
    Unused,
    day,
    days_after,
    not_negative,
    number,
    positive,
    readable,
)

Row = Sequence[str]  # the fields of one line, in the order of archive.COLUMNS and then archive.OPTIONAL

METRICS = {
    "AdrActCnt": "active_addresses",
    "TxCnt": "transactions",
    "TxTfrCnt": "transfers",
    "TxTfrValAdjUSD": "transfer_value",
    "FeeTotUSD": "fees",
    "CapMVRVCur": "mvrv",
    "NVTAdj": "nvt",
    "IssTotUSD": "issuance",
    "FlowInExUSD": "exchange_inflow",
    "FlowOutExUSD": "exchange_outflow",
    "HashRate": "hash_rate",
    "RevHashUSD": "miner_revenue_per_hash",
    "OpenInterest_coinalyze": "open_interest",
    "ChainTVL_USD": "chain_tvl",
    "DeFiTVL_USD": "defi_tvl",
    "StablecoinSupplyTotal_USD": "stablecoin_supply",
    "GasPriceWei": "gas_price",
    "WikiViews": "wiki_views",
}
SERIES = {"m2sl_busd": "m2"} | {kind.name: kind.name for kind in KINDS.values() if kind.family == "macro"}

RANGE_TOLERANCE = 0.005  # sources round each price on its own; the 2019 to 2023 archive needs none of it
LONGEST_AUTHOR = 100  # characters of a name
LOWEST_RANK = 1_000_000
CAP_TOLERANCE = 0.05  # prices printed to 8 decimals: the worst honest row is 1.9 % off (BTT, ELON, NFT)


class Listing(NamedTuple):
    """One row of a monthly ranking, before its symbol has an id."""

    date: str
    rank: int
    symbol: str
    name: str
    kind: TokenKind
    price: float
    market_cap: float
    supply: float
    volume: float


class _Once:
    """Refuses a second row for the same key and day."""

    def __init__(self) -> None:
        self._days: dict[object, set[str]] = {}

    def check(self, key: object, date: str) -> None:
        days = self._days.setdefault(key, set())
        if date in days:
            raise Refused("duplicate of an earlier row")
        days.add(date)


class TokenRows:
    """A row of tokens.csv, under id 0 until all symbols are known."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def __call__(self, row: Row) -> Token:
        symbol, name, kind, themes = _symbol(row[0]), readable(row[1], "name"), _kind(row[2]), row[3].split(";")
        if symbol in self._seen:
            raise Refused("duplicate of an earlier row")
        self._seen.add(symbol)
        return Token(0, symbol, name or symbol, kind, tuple(readable(theme, "theme") for theme in themes if theme))


class CandleRows:
    """A row of candles.csv.gz; `ids` are the known symbols."""

    def __init__(self, ids: Mapping[str, int], last: str) -> None:
        self._ids, self._last, self._once = ids, last, _Once()

    def __call__(self, row: Row) -> Candle:
        date, symbol, open_, high, low, close, volume, source, estimated = row
        date = day(date, last=self._last)
        token = self._ids.get(symbol)
        if token is None:
            raise Refused("unknown symbol")
        if estimated not in ("0", "1"):
            raise Refused("range_estimated is neither 0 nor 1")
        candle = Candle(
            date,
            token,
            positive(open_, "open") if open_ else None,
            positive(high, "high") if high else None,
            positive(low, "low") if low else None,
            positive(close, "close"),
            not_negative(volume, "volume_usd") if volume else None,
            _source(source),
            estimated == "1",
        )
        _check_range(candle)
        self._once.check(token, date)
        return candle


def _check_range(candle: Candle) -> None:
    """Refuse a range turned over; and prices outside it, unless the range is declared an estimate."""
    low, high = candle.low, candle.high
    if low is not None and high is not None and high < low:
        raise Refused("high is below low")
    if candle.range_estimated:
        return
    for name, price in (("open", candle.open), ("close", candle.close)):
        if price is None:
            continue
        above = high is not None and price > high * (1 + RANGE_TOLERANCE)
        below = low is not None and price < low * (1 - RANGE_TOLERANCE)
        if above or below:
            raise Refused(f"{name} is outside low to high")


class SnapshotRows:
    """A row of snapshots.csv.gz."""

    def __init__(self, last: str) -> None:
        self._last, self._once = last, _Once()

    def __call__(self, row: Row) -> Listing:
        rank = number(row[1], "rank")
        if rank < 1 or rank != int(rank):
            raise Refused("rank is not a whole number from 1")
        if rank > LOWEST_RANK:
            raise Refused("rank is absurd")
        listing = Listing(
            day(row[0], last=self._last),
            int(rank),
            _symbol(row[2]),
            readable(row[3], "name"),
            _kind(row[4]),
            positive(row[5], "price"),
            positive(row[6], "market_cap"),
            positive(row[7], "circulating_supply"),
            not_negative(row[8], "volume_24h_usd"),
        )
        if abs(listing.price * listing.supply - listing.market_cap) > CAP_TOLERANCE * listing.market_cap:
            raise Refused("market_cap is not price x supply")
        self._once.check(listing.symbol, listing.date)
        return listing


class Reading(NamedTuple):
    """A row of an outside series under its canonical name, its value unread."""

    metric: str
    subject: str
    date: str
    value: str
    source: str


class MeasureRows:
    """A row of any file of outside series, once `split` says which series it belongs to."""

    def __init__(self, split: Callable[[Row], Reading], last: str) -> None:
        self._split, self._last, self._once = split, last, _Once()

    def __call__(self, row: Row) -> Measure:
        metric, subject, date, text, source = self._split(row)
        kind = KINDS[metric]
        date = day(date, last=self._last)
        value = number(text, "value") if kind.family == "macro" else not_negative(text, "value")
        if metric == "fear_greed" and value > 100:
            raise Refused("value is outside 0 to 100")
        self._once.check((metric, subject, source), date)
        return Measure(metric, subject, date, value, source, days_after(date, kind.lag))


def read_onchain(row: Row) -> Reading:
    """Name the series of a row of onchain.csv.gz."""
    date, asset, metric, value, source = row
    if not metric:
        raise Refused("metric is empty")
    name = METRICS.get(metric)
    if name is None:
        raise Unused(metric)
    market = KINDS[name].scope == "market"
    if market != (asset == "ALL"):
        raise Refused("asset does not fit the metric")
    return Reading(name, "" if market else _symbol(asset), date, value, _source(source))


def read_fear_greed(row: Row) -> Reading:
    """Name the series of a row of fear_greed.csv."""
    return Reading("fear_greed", "", row[0], row[1], "archive")


def read_macro(row: Row) -> Reading:
    """Name the series of a row of macro.csv.gz."""
    date, series, value = row
    if not series:
        raise Refused("series is empty")
    if series not in SERIES:
        raise Unused(series)
    return Reading(SERIES[series], "", date, value, "archive")


class HeadlineRows:
    """A row of headlines.csv.gz."""

    def __init__(self, last: str) -> None:
        self._last = last
        self._seen: set[Headline] = set()

    def __call__(self, row: Row) -> Headline:
        stamp, source, subject, title, author, social = row
        if not title.strip():
            raise Unused("no title")
        if social not in ("", "0", "1"):
            raise Refused("social is neither 0 nor 1")
        moment = _moment(stamp)
        date = day(moment.date().isoformat(), "published_at", self._last)
        known = days_after(date, 1) if moment.time() == dt.time() else date  # a bare date hides the hour
        headline = Headline(
            moment.isoformat(" ", "seconds"),
            readable(source, "source"),
            readable(subject, "subject"),
            readable(title, "title"),
            known,
            readable(author, "author", LONGEST_AUTHOR),
            social == "1",
        )
        if headline in self._seen:
            raise Refused("duplicate of an earlier row")
        self._seen.add(headline)
        return headline


def _moment(text: str) -> dt.datetime:
    """Read a date or a time of day; one without an offset is UTC."""
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise Refused("published_at is not a time") from None


@lru_cache(maxsize=4096)  # half a million rows name a few hundred
def _symbol(text: str) -> str:
    if not text or any(c.isspace() for c in text):
        raise Refused("symbol is empty or has blanks")
    if not text.isprintable():
        raise Refused("symbol is not readable text")
    return readable(text, "symbol", 32)


@lru_cache(maxsize=4096)
def _source(text: str) -> str:
    return readable(text, "source", 64)


def _kind(text: str) -> TokenKind:
    try:
        return TokenKind(text)
    except ValueError:
        raise Refused("unknown class") from None
