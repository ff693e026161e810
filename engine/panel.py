"""Turns observations into a Panel: date x token arrays, frozen at `as_of`, where nothing later is visible.

A row of the panel is what was known at the end of its day. A candle stands in its own day's row; an outside value
stands in the row of the day it became known (reference date + lag) and is carried for as long as it stays fresh.
So cutting the panel at a row is the same as never having seen what came after it.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import NotEnoughData
from engine.measures import KINDS
from engine.model import Candle, Headline, Measure, Snapshot, Token
from engine.outside import place
from engine.scattered import until

Matrix = NDArray[np.float64]  # (dates, tokens)
Vector = NDArray[np.float64]  # (dates,)
Flags = NDArray[np.bool_]  # (dates, tokens)

SNAPSHOT_FRESH_DAYS = 62  # a monthly ranking may be missed once, not twice
UNHEARD_DAYS = 7  # a daily ranking may lack a token for so long: one bad row is no fall out of the ranking


class Observations(Protocol):
    """Where a panel's rows come from: a database, an archive folder, a simulated market. `before` is exclusive."""

    def tokens(self) -> Sequence[Token]: ...

    def candles(self, before: dt.date) -> Iterable[Candle]: ...

    def snapshots(self, before: dt.date) -> Iterable[Snapshot]: ...

    def measures(self, before: dt.date, metrics: Collection[str]) -> Iterable[Measure]: ...

    def headlines(self, before: dt.date) -> Iterable[Headline]: ...

    def is_simulated(self) -> bool: ...


@dataclass(frozen=True, eq=False)
class Panel:
    """The market as it was known at `as_of`, 00:00 UTC.

    Prices are USD, volumes USD a day; NaN where nothing was observed, never a filled-in number. `venue` codes the
    source of a day's volume (-1 none), whose levels are comparable only within one source. `estimated` marks days
    whose high and low are understated. `supply`, `rank` and `market_volume` come from the last monthly snapshot.
    """

    dates: NDArray[np.datetime64]
    tokens: tuple[Token, ...]
    open: Matrix
    high: Matrix
    low: Matrix
    close: Matrix
    volume: Matrix
    venue: NDArray[np.int16]
    estimated: Flags
    supply: Matrix
    rank: Matrix
    market_volume: Matrix
    token_measures: Mapping[str, Matrix]
    market_measures: Mapping[str, Vector]
    headlines: tuple[Headline, ...]
    simulated: bool

    @property
    def as_of(self) -> dt.date:
        last: dt.date = self.dates[-1].item()
        return last + dt.timedelta(days=1)

    @property
    def newest(self) -> dt.date:
        """The last day with any candle."""
        day: dt.date = self.dates[self.observed.any(axis=1)][-1].item()
        return day

    @property
    def symbols(self) -> list[str]:
        return [token.symbol for token in self.tokens]

    @property
    def observed(self) -> Flags:
        return np.isfinite(self.close)

    @property
    def gap(self) -> Flags:
        """True on a day without a candle after a token's first one: a hole, a stop or a death."""
        seen: Flags = np.logical_or.accumulate(self.observed, axis=0)
        return seen & ~self.observed

    @property
    def market_cap(self) -> Matrix:
        """Close x supply of the last snapshot, USD; NaN outside the snapshots' top 200."""
        return self.close * self.supply

    def last_cap(self, column: int) -> float:
        """One token's `market_cap` at the end."""
        return float(self.close[-1, column] * self.supply[-1, column])

    def days_since_candle(self) -> Matrix:
        """Days since each token's last candle at every row: 0 on a day with one, NaN before the first."""
        rows = np.arange(len(self.dates), dtype=np.float64)[:, None]
        last = np.maximum.accumulate(np.where(self.observed, rows, -np.inf), axis=0)
        age = rows - last
        return np.where(np.isfinite(age), age, np.nan)

    def row(self, date: dt.date) -> int:
        """Row of `date`; NotEnoughData where the panel does not hold it."""
        offset = int((date - self.dates[0].item()).days)
        if not 0 <= offset < len(self.dates):
            raise NotEnoughData(
                f"no market data for {date}: this history runs from {self.dates[0]} to {self.dates[-1]}."
            )
        return offset

    def column(self, symbol: str) -> int | None:
        """Column of a token's canonical symbol, None where the panel has no candle of it."""
        return self._columns().get(symbol)

    def _columns(self) -> dict[str, int]:
        cached: dict[str, int] | None = self.__dict__.get("_column_of")
        if cached is None:
            cached = {token.symbol: i for i, token in enumerate(self.tokens)}
            self.__dict__["_column_of"] = cached
        return cached

    def until(self, as_of: dt.date) -> Panel:
        """The same panel frozen at an earlier `as_of`: views of the rows before it, no copies."""
        rows = (as_of - self.dates[0].item()).days
        if rows <= 0:
            raise NotEnoughData(f"no market data before {as_of}: this history starts on {self.dates[0]}.")
        if rows >= len(self.dates):
            return self
        cut = bisect_right(self.headlines, _iso(as_of, -1), key=lambda h: h.known)
        return replace(
            self,
            dates=self.dates[:rows],
            **{name: getattr(self, name)[:rows] for name in _MATRICES},
            token_measures=until(self.token_measures, rows),
            market_measures={name: v[:rows] for name, v in self.market_measures.items()},
            headlines=self.headlines[:cut],
        )


_MATRICES = (
    "open", "high", "low", "close", "volume", "venue", "estimated", "supply", "rank", "market_volume",
)  # fmt: skip


def build_panel(observations: Observations, as_of: dt.date) -> Panel:
    """Read all that was visible before `as_of` (exclusive) into a Panel; NotEnoughData where that is nothing."""
    venues: dict[str, int] = {}
    candles = _table(
        ((*c[:7], venues.setdefault(c.source, len(venues)), c.range_estimated) for c in observations.candles(as_of)),
        [("date", "U10"), ("token", "i8"), *((n, "f8") for n in ("open", "high", "low", "close", "volume")),
         ("source", "i4"), ("estimated", "?")],
    )  # fmt: skip
    if not len(candles):
        raise NotEnoughData(f"no market data before {as_of}: import an archive or fetch first.")
    days = candles["date"].astype("datetime64[D]")
    dates = np.arange(days.min(), np.datetime64(as_of, "D"))
    ids = np.unique(candles["token"])
    known = {token.id: token for token in observations.tokens()}
    order = sorted((known[int(i)] for i in ids), key=lambda token: token.symbol)
    column = {token.id: i for i, token in enumerate(order)}

    shape = (len(dates), len(order))
    at = (days - dates[0]).astype(int), _lookup(candles["token"], column)
    prices = {name: _scatter(shape, at, candles[name]) for name in ("open", "high", "low", "close", "volume")}
    venue = np.full(shape, -1, dtype=np.int16)
    venue[at] = _venue_codes(venues)[candles["source"]]
    estimated = np.zeros(shape, dtype=np.bool_)
    estimated[at] = candles["estimated"]

    snapshots = _table(
        observations.snapshots(as_of),
        [("date", "U10"), ("token", "i8"), ("rank", "f8"), ("price", "f8"), ("cap", "f8"), ("supply", "f8"),
         ("volume", "f8")],
    )  # fmt: skip
    wanted = {name for name, kind in KINDS.items() if kind.in_panel}
    token_measures, market_measures = place(observations.measures(as_of, wanted), dates, order)
    panel = Panel(
        dates=dates,
        tokens=tuple(order),
        venue=venue,
        estimated=estimated,
        **prices,
        **_snapshots(snapshots, dates, column),
        token_measures=token_measures,
        market_measures=market_measures,
        headlines=tuple(sorted(observations.headlines(as_of), key=lambda h: (h.known, h.published_at, h.title))),
        simulated=observations.is_simulated(),
    )
    for name in _MATRICES:
        getattr(panel, name).setflags(write=False)
    return panel


def _iso(date: dt.date, shift: int) -> str:
    return (date + dt.timedelta(days=shift)).isoformat()


def _table(rows: Iterable[tuple[object, ...]], dtype: list[tuple[str, str]]) -> NDArray[np.void]:
    """Stream rows (tuples, None for unknown) into one structured array, without a list of them in between."""
    numeric = [kind == "f8" for _, kind in dtype]
    clean = (
        tuple(np.nan if value is None and is_number else value for value, is_number in zip(row, numeric, strict=True))
        for row in rows
    )
    return np.fromiter(clean, dtype=np.dtype(dtype))


def _venue_codes(seen: Mapping[str, int]) -> NDArray[np.int16]:
    """Codes by order of first sight -> codes by name, so that the order of rows does not matter; no source is -1."""
    codes = np.full(len(seen), -1, dtype=np.int16)
    for code, name in enumerate(sorted(name for name in seen if name)):
        codes[seen[name]] = code
    return codes


def _lookup(ids: NDArray[np.int64], column: Mapping[int, int]) -> NDArray[np.intp]:
    table = np.full(int(ids.max()) + 1, -1, dtype=np.intp)
    for token, position in column.items():
        if token < len(table):
            table[token] = position
    return table[ids]


def _scatter(shape: tuple[int, int], at: tuple[NDArray[np.intp], NDArray[np.intp]], values: Vector) -> Matrix:
    matrix = np.full(shape, np.nan)
    matrix[at] = values
    return matrix


def _snapshots(rows: NDArray[np.void], dates: NDArray[np.datetime64], column: Mapping[int, int]) -> dict[str, Matrix]:
    """Carry each ranking forward to the next one; a token that left the ranking loses its supply with it.

    One that a daily ranking lacks keeps what the last one said of it for a few days: its row may have been refused.
    """
    shape = (len(dates), len(column))
    out = {name: np.full(shape, np.nan) for name in ("supply", "rank", "market_volume")}
    if not len(rows):
        return out
    where = _lookup(rows["token"], column)
    days = (rows["date"].astype("datetime64[D]") - dates[0]).astype(int)
    stands = np.unique(days)
    heard = np.full(len(column), -SNAPSHOT_FRESH_DAYS)
    for day, following in zip(stands, [*stands[1:], len(dates)], strict=True):
        pick = (days == day) & (where >= 0)
        start = max(int(day), 0)
        span = slice(start, min(int(following), int(day) + SNAPSHOT_FRESH_DAYS))
        heard[where[pick]] = day
        unheard = np.flatnonzero((heard < day) & (heard > day - UNHEARD_DAYS) & (start > 0))
        for name, source in (("supply", "supply"), ("rank", "rank"), ("market_volume", "volume")):
            out[name][span, where[pick]] = rows[source][pick]
            for token in unheard:
                until = min(span.stop, int(heard[token]) + UNHEARD_DAYS)
                out[name][start:until, token] = out[name][start - 1, token]
    return out
