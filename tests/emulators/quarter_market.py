"""The market of the quarter: simulated candles with shocks planted into them, spot prices, sources that fail.

What it tells follows the true time alone: a service whose clock is wrong is told no future.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from engine.errors import SourceUnavailable
from engine.model import Candle, Snapshot, Token
from engine.sources.port import CANDLES, SNAPSHOTS, Batch, Client, Series, Source, Want
from engine.sources.simulated import SimulatedMarket
from engine.sources.spot import AGREES, STABLE_AGREES, Spot, confirmed
from engine.sources.table import Route
from storage.database import Database

DAY = dt.timedelta(days=1)
YEARS_BEFORE = 0.6
HISTORY = 98  # days before the quarter: enough for the written rules, too few for a fit
OF_A_THEME = 5
TILTS = {"one": 1.0, "two": 1.001, "three": 0.999}  # no two venues trade at one price
ROUTES = (Route(CANDLES, ("simulated",)), Route(SNAPSHOTS, ("simulated",)))


@dataclass(frozen=True, slots=True)
class Shock:
    """Prices of `symbols` (of all coins where there are none) times `factor` from `at` until `until`; the second source
    sees it `unseen` later."""

    at: dt.datetime
    until: dt.datetime
    factor: float
    symbols: frozenset[str] = frozenset()
    unseen: dt.timedelta = dt.timedelta()

    @property
    def confirmed_at(self) -> dt.datetime:
        return self.at + self.unseen


@dataclass
class Outage:
    """Candles of `symbols` (of all where there are none) come only from `until` on; without, the source is down."""

    since: dt.datetime
    until: dt.datetime
    symbols: frozenset[str] = frozenset()


@dataclass
class QuarterMarket:
    """`true` says what time it truly is. `shocks` and `outages` may be added before their time."""

    first: dt.date
    last: dt.date
    seed: int
    true: Callable[[], dt.datetime]
    shocks: list[Shock] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    blind: list[tuple[dt.datetime, dt.datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        years = (self.last - self.first).days / 365.25 + YEARS_BEFORE
        self._market = SimulatedMarket(self.seed, self.last, years=years, story=False)
        everybody = self._market.tokens()
        self.tokens: Sequence[Token] = _cast(everybody)
        known = {token.symbol for token in self.tokens}
        self._symbols = {n: token.symbol for n, token in enumerate(everybody, 1) if token.symbol in known}
        self.stables = {token.symbol for token in self.tokens if token.kind.value == "stable"}
        self.coins = {token.symbol for token in self.tokens if token.kind.value == "coin"}
        self._bars: dict[str, dict[str, Candle]] = {}
        for candle in self._market.candles(self.last):
            if candle.token not in self._symbols:
                continue
            self._bars.setdefault(candle.date, {})[self._symbols[candle.token]] = candle
        self._rankings: dict[str, list[Snapshot]] = {}
        for snapshot in self._market.snapshots(self.last):
            if snapshot.token not in self._symbols:
                continue
            self._rankings.setdefault(snapshot.date, []).append(snapshot)
        self.source = Source(
            id="simulated", title="Simulated exchange", family="venue", feeds=(CANDLES, SNAPSHOTS), hosts=(), cites="",
            terms="", fetch=self._fetch, history=HISTORY, every=dt.timedelta(minutes=5),
        )  # fmt: skip

    def fill(self, database: Database) -> None:
        """Write the history before the quarter, as an import would have."""
        since, until = self.first - HISTORY * DAY, self.first
        database.market.put_tokens(self.tokens)
        ids = database.market.token_ids()
        for date in _days(since, until):
            bars = self._bars[date.isoformat()]
            database.market.put_candles(bar._replace(token=ids[symbol]) for symbol, bar in bars.items())
            database.market.put_snapshots(self._ranking(date, ids))

    def price(self, symbol: str, at: dt.datetime, seen_by_second: bool = False) -> float | None:
        """The price at an instant, between two closes; None where the token does not trade."""
        after = self._bars.get(at.date().isoformat(), {}).get(symbol)
        before = self._bars.get((at.date() - DAY).isoformat(), {}).get(symbol)
        if after is None or before is None:
            return None
        part = (at - _midnight(at.date())) / DAY
        price = math.exp((1 - part) * math.log(before.close) + part * math.log(after.close))
        return price * self._shocked(symbol, at, seen_by_second)

    async def prices(self, tokens: Sequence[Token], now: dt.datetime) -> Sequence[Spot]:
        """What the watch asks; `now` is what the service believes, and counts for nothing."""
        at = self.true()
        if any(since <= at < until for since, until in self.blind):
            raise SourceUnavailable("No exchange answers.")
        return [self._spot(token.symbol, at) for token in tokens]

    def _spot(self, symbol: str, at: dt.datetime) -> Spot:
        price, second = self.price(symbol, at), self.price(symbol, at, seen_by_second=True)
        venues = {venue: price * tilt for venue, tilt in TILTS.items()} if price else {}
        if price and symbol in self.stables:
            venues = dict.fromkeys(TILTS, price)
        return confirmed(symbol, venues, second, STABLE_AGREES if symbol in self.stables else AGREES)

    def _shocked(self, symbol: str, at: dt.datetime, seen_by_second: bool) -> float:
        factor = 1.0
        for shock in self.shocks:
            if not shock.at <= at < shock.until:
                continue
            since = shock.confirmed_at if seen_by_second else shock.at
            if since <= at < shock.until and symbol in (shock.symbols or self.coins):
                factor *= shock.factor
        return factor

    async def _fetch(self, client: Client, want: Want) -> AsyncIterator[Batch]:
        """Every candle that is closed by now; one that an outage keeps back is not there yet."""
        at = self.true()
        if any(o.since <= at < o.until and not o.symbols for o in self.outages):
            raise SourceUnavailable("The simulated exchange is down.")
        ids = {token.symbol: token.id for token in want.tokens.values()}
        rows: list[Candle | Snapshot] = []
        for series, since in want.since.items():
            days = [day for day in _days(since, want.until + DAY) if day < at.date()]
            if series.kind == SNAPSHOTS:
                rows += [row for day in days for row in self._ranking(day, ids)]
            else:
                told = (self._candle(series.subject, day, ids, at) for day in days)
                rows += [row for row in told if row is not None]
        yield Batch(tuple(rows), answered=frozenset(want.since), confirmed=_confirmed(rows, want))

    def _candle(self, symbol: str, day: dt.date, ids: dict[str, int], at: dt.datetime) -> Candle | None:
        bar = self._bars.get(day.isoformat(), {}).get(symbol)
        late = any(
            o.since <= at < o.until and symbol in o.symbols and o.since.date() <= day + DAY for o in self.outages
        )
        if bar is None or late:
            return None
        hours = [_midnight(day) + dt.timedelta(hours=h, minutes=1) for h in range(24)]
        factors = [self._shocked(symbol, hour, False) for hour in hours]
        high, low = (
            (bar.high, bar.low) if bar.high and bar.low else (max(bar.open, bar.close), min(bar.open, bar.close))
        )
        return bar._replace(
            token=ids[symbol], open=bar.open * factors[0], close=bar.close * factors[-1], high=high * max(factors),
            low=low * min(factors),
        )  # fmt: skip

    def _ranking(self, date: dt.date, ids: dict[str, int]) -> list[Snapshot]:
        rows = self._rankings.get(date.isoformat(), [])
        return [row._replace(token=ids[self._symbols[row.token]]) for row in rows]


def _cast(everybody: Sequence[Token]) -> Sequence[Token]:
    """A few of each theme, and all that have none: what an index needs, and no more to compute."""
    counts: Counter[str] = Counter()
    kept = []
    for token in everybody:
        theme = token.themes[-1] if token.themes else ""
        counts[theme] += 1
        if not theme or counts[theme] <= OF_A_THEME:
            kept.append(token)
    return kept


def _confirmed(rows: Sequence[Candle | Snapshot], want: Want) -> frozenset[tuple[Series, str]]:
    """Several venues bear every close out."""
    symbols = {token.id: token.symbol for token in want.tokens.values()}
    return frozenset((Series(CANDLES, symbols[row.token]), row.date) for row in rows if isinstance(row, Candle))


def _days(since: dt.date, until: dt.date) -> list[dt.date]:
    return [since + k * DAY for k in range((until - since).days)]


def _midnight(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), dt.UTC)
