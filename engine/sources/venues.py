"""Makes one candle of what several venues say of a day: their median, without a venue that stands far from it.

A venue more than 25 % from the median is dropped, as index methods do. Of two that disagree as much there is no
median: the one near the last good close stands, unconfirmed, or neither.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from engine.model import Candle
from engine.sources.port import CANDLES, Reject, Series
from engine.sources.reading import excerpt

APART = 0.25  # of the median
NEAR = math.log(3.0)


class Bar(NamedTuple):
    """One venue's day: prices in USD, `volume` in tokens."""

    date: str
    open: float
    high: float
    low: float
    close: float
    volume: float


class Combined(NamedTuple):
    """What the venues together say: candles oldest first, the days on which two or more agree, what was dropped."""

    candles: list[Candle]
    confirmed: set[str]
    rejects: list[Reject]


def combine(
    symbol: str, token: int, bars: Mapping[str, Sequence[Bar]], volume_of: str | None, last: float | None
) -> Combined:
    """Candles of one token from {venue: its bars}; the volume is that of `volume_of`, and missing where it is.

    `last` is the last good close before them, USD.
    """
    made = Combined([], set(), [])
    series = Series(CANDLES, symbol)
    days = sorted({bar.date for found in bars.values() for bar in found})
    by_day = {venue: _by_day(found) for venue, found in bars.items()}
    for date in days:
        said: dict[str, Bar] = {}
        for venue, found in by_day.items():
            if date not in found:
                continue
            if reason := _fault(found[date]):
                made.rejects.append(Reject(series, date, reason, excerpt([venue, *found[date]])))
            else:
                said[venue] = found[date][0]
        agreed = _agreeing(said, last)
        for venue in said.keys() - agreed.keys():
            made.rejects.append(Reject(series, date, "venues disagree", excerpt([venue, *said[venue]])))
        if agreed:
            candle = _candle(token, date, agreed, volume_of)
            made.candles.append(candle)
            last = candle.close
            if len(agreed) > 1:
                made.confirmed.add(date)
    return made


def _by_day(bars: Sequence[Bar]) -> dict[str, list[Bar]]:
    """A venue's bars by day, each different one once."""
    found: dict[str, list[Bar]] = {}
    for bar in dict.fromkeys(bars):
        found.setdefault(bar.date, []).append(bar)
    return found


def _fault(said: Sequence[Bar]) -> str | None:
    """Why what a venue says of a day cannot be counted, if it cannot."""
    if len(said) > 1:
        return "duplicate"
    bar = said[0]
    prices = bar[1:5]
    if not all(math.isfinite(x) for x in bar[1:]):
        return "not finite"
    if min(bar[1:]) < 0:
        return "negative"
    if min(prices) == 0:
        return "zero"
    return "range" if bar.high < bar.low else None


def _agreeing(said: Mapping[str, Bar], last: float | None) -> dict[str, Bar]:
    """The venues that stand near their median; where no two do, the one near the last good close."""
    if len(said) < 2:
        return dict(said)
    middle = median(bar.close for bar in said.values())
    if len(said) == 2:
        middle = min(bar.close for bar in said.values())  # the middle of two is near both, however far apart they are
    near = {venue: bar for venue, bar in said.items() if abs(bar.close / middle - 1) <= APART}
    return near if len(near) > 1 else _nearest(said, last)


def _nearest(said: Mapping[str, Bar], last: float | None) -> dict[str, Bar]:
    """The one venue that continues what was; none where nothing was, or all left it far behind."""
    if last is None or last <= 0:
        return {}
    away = {venue: abs(math.log(bar.close / last)) for venue, bar in said.items()}
    venue = min(sorted(away), key=away.__getitem__)
    return {venue: said[venue]} if away[venue] < NEAR else {}


def _candle(token: int, date: str, agreed: Mapping[str, Bar], volume_of: str | None) -> Candle:
    bars = agreed.values()
    open_, high, low = (median(getattr(bar, name) for bar in bars) for name in ("open", "high", "low"))
    close = median(bar.close for bar in bars)
    one = agreed.get(volume_of) if volume_of else None
    volume = one.volume * one.close if one else None
    return Candle(date, token, open_, high, low, close, volume, volume_of or "", False)
