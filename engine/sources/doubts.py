"""The single doubts: each says whether one row, alone or in its line, looks wrong."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from statistics import median

from engine.model import Candle, Headline, Measure, Snapshot
from engine.sources.port import Row, Series, row_date
from engine.sources.trust import trust

FIRST_DAY = "2009-01-01"  # Bitcoin's first block is two days younger
EARLIER_SERIES = "1950-01-01"  # macro series are older than the market
THOUSAND = math.log(1000.0) - 1e-9
SETTLED = 5  # days that must agree before a fall to a thousandth is believed
AGREES = math.log(1.25)  # a later day within this of a jump confirms it
SAME_LEVEL = math.log(3.0)
NOISE = 12.0  # robust deviations that a move may lie from the usual
LEAST_NOISE = 0.01  # of a day's log return: a series that stood still has no noise to measure by
ENOUGH = 10  # moves that tell a series' noise
WINDOW = 30
RANGE_TOLERANCE = 0.005  # sources round each price on its own
CAP_TOLERANCE = 0.05
SUPPLY_JUMP = math.log(1.5)
SWAP_MOVE = math.log(1.5)
SWAP_MATCH = math.log(1.05)
LONGEST_TITLE = 1000


@dataclass(frozen=True, slots=True)
class Point:
    """What a row says in one number, with all that a frozen feed would repeat (`print`), and the supply, if any.

    Of a ranking it is the capitalisation, which a split of the token leaves as it was.
    """

    date: str
    value: float
    print: tuple[float | None, ...]
    supply: float = math.nan

    @staticmethod
    def of(row: Row) -> Point:
        match row:
            case Candle():
                return Point(row.date, row.close, (row.open, row.high, row.low, row.close, row.volume_usd))
            case Snapshot():
                return Point(row.date, row.market_cap, (row.price, row.market_cap, row.volume_24h_usd), row.supply)
            case Measure():
                return Point(row.date, row.value, (row.value,))
            case Headline():
                return Point(row.published_at[:10], math.nan, ())


@dataclass(frozen=True, slots=True)
class Line:
    """Where a row stands: its series, the good points before it, those after it, and whether venues confirm it."""

    series: Series
    before: Sequence[Point] = field(default=())
    after: Sequence[Point] = field(default=())
    last_day: str = ""
    confirmed: bool = False


def _numbers(row: Row) -> tuple[list[float | None], list[float | None]]:
    """Numbers that must be above zero, and those that must not be below it; None where one is unknown."""
    match row:
        case Candle():
            return [row.open, row.high, row.low, row.close], [row.volume_usd]
        case Snapshot():
            return [row.price, row.market_cap, row.supply, row.rank], [row.volume_24h_usd]
        case Measure():
            bound = trust(row.metric)
            if bound.low < 0:
                return [], []
            return ([], [row.value]) if bound.zero else ([row.value], [])
        case Headline():
            return [], []


def not_finite(row: Row, line: Line) -> bool:
    must: list[float | None] = []
    match row:
        case Candle():
            must, may = [row.close], [row.open, row.high, row.low, row.volume_usd]
        case Snapshot():
            must, may = [*row[2:]], []
        case Measure():
            must, may = [row.value], []
        case Headline():
            return False
    return any(x is None or not math.isfinite(x) for x in must) or any(
        x is not None and not math.isfinite(x) for x in may
    )


def negative(row: Row, line: Line) -> bool:
    positive, others = _numbers(row)
    return any(x is not None and x < 0 for x in (*positive, *others))


def zero(row: Row, line: Line) -> bool:
    return any(x == 0 for x in _numbers(row)[0])


def implausible(row: Row, line: Line) -> bool:
    if not isinstance(row, Measure):
        return False
    bound = trust(row.metric)
    return not bound.low <= row.value <= bound.high


def future(row: Row, line: Line) -> bool:
    return row_date(row) > line.last_day


def ancient(row: Row, line: Line) -> bool:
    oldest = FIRST_DAY if isinstance(row, (Candle, Snapshot, Headline)) else EARLIER_SERIES
    return row_date(row) < oldest


def range_turned(row: Row, line: Line) -> bool:
    if not isinstance(row, Candle):
        return False
    low, high = row.low, row.high
    if low is not None and high is not None and high < low:
        return True
    if row.range_estimated:
        return False
    prices = [price for price in (row.open, row.close) if price is not None]
    above = high is not None and any(price > high * (1 + RANGE_TOLERANCE) for price in prices)
    return above or (low is not None and any(price < low * (1 - RANGE_TOLERANCE) for price in prices))


def wrong_capitalisation(row: Row, line: Line) -> bool:
    if not isinstance(row, Snapshot):
        return False
    return abs(row.price * row.supply - row.market_cap) > CAP_TOLERANCE * row.market_cap


def bad_text(row: Row, line: Line) -> bool:
    if not isinstance(row, Headline):
        return False
    title = row.title
    unreadable = "\ufffd" in title or any(c < " " or c == "\x7f" for c in title)
    return not title.strip() or unreadable or len(title) > LONGEST_TITLE


def spike(row: Row, line: Line) -> bool:
    """A thousandfold step. Up, only a second venue makes it true; down, days that stay there do: coins do die."""
    if not _has_past(row, line):
        return False
    step = _log_ratio(Point.of(row).value, line.before[-1].value)
    if not abs(step) >= THOUSAND:
        return False
    return step > 0 or not _settled(Point.of(row).value, line.after)


def outlier(row: Row, line: Line) -> bool:
    """A large step outside the usual noise, unless the next day agrees with it."""
    bound = trust(line.series.kind)
    if not _has_past(row, line):
        return False
    value, last = Point.of(row).value, line.before[-1].value
    following = line.after[0].value if line.after else math.nan
    if bound.leap:
        return abs(value - last) > bound.leap and not abs(following - value) < bound.leap / 2
    if value == 0:
        return bool(bound.jump) and following != 0 and all(point.value > 0 for point in line.before[-ENOUGH:])
    step = _log_ratio(value, last)
    if not bound.jump or not math.log(bound.jump) < abs(step) < THOUSAND or abs(_log_ratio(following, value)) < AGREES:
        return False
    moves = _moves(line.before[-WINDOW:])
    if len(moves) < ENOUGH:
        return True
    noise = max(1.4826 * median(abs(move) for move in moves), LEAST_NOISE)  # MAD about zero: prices have no drift here
    return abs(step) > NOISE * noise


def supply_jump(row: Row, line: Line) -> bool:
    """Supply and capitalisation move together, which no market does; a token split leaves the capitalisation."""
    if not isinstance(row, Snapshot) or not _has_past(row, line):
        return False
    last = line.before[-1]
    supply = _log_ratio(row.supply, last.supply)
    worth = _log_ratio(row.market_cap, last.value)
    return abs(supply) > SUPPLY_JUMP and abs(worth) > SUPPLY_JUMP


def frozen(row: Row, line: Line) -> bool:
    most = trust(line.series.kind).frozen
    if not most or len(line.before) < most:
        return False
    here = Point.of(row).print
    return all(point.print == here for point in line.before[-most:])


def moves(rows: Iterable[Row], past: Sequence[Row]) -> list[tuple[str, float, float]]:
    """Days on which a token's price moved far: (day, last value, value)."""
    priced = [row for row in rows if isinstance(row, (Candle, Snapshot))]
    before = [point for row in past if (point := Point.of(row)).date < (priced[0].date if priced else "")]
    last = before[-1].value if before else math.nan
    found = []
    for point in map(Point.of, priced):
        if abs(_log_ratio(point.value, last)) > SWAP_MOVE:
            found.append((point.date, last, point.value))
        last = point.value
    return found


def swaps(
    jumps: Mapping[Series, list[tuple[str, float, float]]], confirmed: frozenset[tuple[Series, str]]
) -> set[tuple[Series, str]]:
    """Days on which two lines seem to have changed places: each is where the other was."""
    by_day: dict[str, list[tuple[Series, float, float]]] = {}
    for series, found in jumps.items():
        for date, last, value in found:
            if (series, date) not in confirmed:
                by_day.setdefault(date, []).append((series, last, value))
    return {
        (series, date)
        for date, moved in by_day.items()
        for (one, last_one, now_one), (other, last_other, now_other) in combinations(moved, 2)
        if abs(_log_ratio(now_one, last_other)) < SWAP_MATCH and abs(_log_ratio(now_other, last_one)) < SWAP_MATCH
        for series in (one, other)
    }


def _has_past(row: Row, line: Line) -> bool:
    """Whether there is a last good value that counts, and no venue that confirms the row."""
    if line.confirmed or not line.before or isinstance(row, Headline):
        return False
    return _days(line.before[-1].date, row_date(row)) <= trust(line.series.kind).memory


def _settled(value: float, after: Sequence[Point]) -> bool:
    return len(after) >= SETTLED and all(abs(_log_ratio(point.value, value)) < SAME_LEVEL for point in after)


def _moves(points: Sequence[Point]) -> list[float]:
    return [
        _log_ratio(after.value, before.value)
        for before, after in pairwise(points)
        if before.value > 0 and after.value > 0
    ]


def _log_ratio(value: float, base: float) -> float:
    """Log of a ratio; NaN, which no comparison holds for, where there is none."""
    return math.log(value / base) if value > 0 and base > 0 and math.isfinite(value / base) else math.nan


def _days(first: str, last: str) -> int:
    return (dt.date.fromisoformat(last) - dt.date.fromisoformat(first)).days
