"""Believes no outsider: every row of every source passes these checks, or is quarantined with a reason.

Pure: the same rows and the same past give the same verdict. Order does not matter, rows are put in the order of their
days first. A value that several venues confirm is not doubted for its size; one that nobody confirms waits until the
days after it agree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from engine.model import Candle, Snapshot
from engine.sources import doubts
from engine.sources.doubts import Line, Point
from engine.sources.port import CANDLES, HEADLINES, SNAPSHOTS, Reject, Row, Series, row_date, series_of
from engine.sources.reading import excerpt
from engine.sources.trust import is_daily

Doubt = Callable[[Row, Line], bool]


@dataclass(frozen=True, slots=True)
class Check:
    """One way for a row to be wrong; `alone` needs nothing but the row, the others its line."""

    reason: str
    says: str
    doubt: Doubt
    alone: bool = True


CHECKS = (
    Check("not finite", "a number is NaN or infinite, or a price is missing", doubts.not_finite),
    Check("negative", "a number that cannot be negative is", doubts.negative),
    Check("zero", "a number that cannot be zero is", doubts.zero),
    Check("implausible", "outside what such a series can be: a mistake of the unit, most likely", doubts.implausible),
    Check("future", "of a day that has not been", doubts.future),
    Check("ancient", "of a day before there was a market", doubts.ancient),
    Check("range", "high, low, open and close do not fit together", doubts.range_turned),
    Check("capitalisation", "capitalisation is not price times supply", doubts.wrong_capitalisation),
    Check("text", "a text is empty, unreadable or far too long", doubts.bad_text),
    Check("spike", "a thousand times the last good value, or a thousandth", doubts.spike, alone=False),
    Check("outlier", "far outside the series' own noise, and no later day agrees", doubts.outlier, alone=False),
    Check("supply", "supply jumps, and capitalisation with it", doubts.supply_jump, alone=False),
    Check("frozen", "the same values for too many days", doubts.frozen, alone=False),
)

REASONS = {check.reason: check.says for check in CHECKS} | {
    "stale": "a price of a day that is over, in a ranking of today",
    "unreadable": "a field is no number, or no day",
    "missing field": "a documented field is not there",
    "duplicate": "two rows for one day that contradict each other",
    "swapped": "two tokens seem to have changed names",
    "venues disagree": "a venue's price is more than 25 % from the others' median",
    "missing day": "days between two rows are not there",
    "unknown token": "of a token that nobody asked for",
}


@dataclass(frozen=True, slots=True)
class Sifted:
    """What came through, oldest day first, and what did not."""

    accepted: tuple[Row, ...]
    rejected: tuple[Reject, ...]


Past = Callable[[Series], Sequence[Row]]  # the last good rows of a line, oldest first


def sift(
    rows: Iterable[Row],
    past: Past,
    symbols: Mapping[int, str],
    last_day: str,
    confirmed: frozenset[tuple[Series, str]] = frozenset(),
) -> Sifted:
    """Judge the rows of one batch; `past` gives what was believed of each line before, `symbols` are by token id."""
    kept: list[Row] = []
    rejects: list[Reject] = []
    lines: dict[Series, list[Row]] = {}
    for row in rows:
        line = line_of(row, symbols)
        if line is None:
            rejects.append(Reject(Series(CANDLES), row_date(row), "unknown token", excerpt(row)))
        else:
            lines.setdefault(line, []).append(row)
    jumps: dict[Series, list[tuple[str, float, float]]] = {}
    for line, found in sorted(lines.items()):
        good, bad = _judge(line, found, past(line), last_day, confirmed)
        rejects += bad
        kept += good
        jumps[line] = doubts.moves(good, past(line))
    swapped = doubts.swaps({line: moves for line, moves in jumps.items() if moves}, confirmed)
    for row in kept:
        line = line_of(row, symbols)
        if line and (line, row_date(row)) in swapped:
            rejects.append(Reject(line, row_date(row), "swapped", excerpt(row)))
    accepted = [row for row in kept if (line_of(row, symbols), row_date(row)) not in swapped]
    return Sifted(tuple(accepted), tuple(rejects))


def line_of(row: Row, symbols: Mapping[int, str]) -> Series | None:
    """The line a row is judged in: its series, and for snapshots the one token's."""
    if isinstance(row, (Candle, Snapshot)):
        if row.token not in symbols:
            return None
        if isinstance(row, Snapshot):
            return Series(SNAPSHOTS, symbols[row.token])
    return series_of(row, symbols)


def _judge(
    line: Series, found: list[Row], before: Sequence[Row], last_day: str, confirmed: frozenset[tuple[Series, str]]
) -> tuple[list[Row], list[Reject]]:
    """The rows of one line, alone first, then against one another and the past."""
    rejects: list[Reject] = []
    sound: list[Row] = []
    for row in sorted(found, key=row_date):
        reason = _first(row, Line(line, last_day=last_day), alone=True)
        if reason:
            rejects.append(Reject(line, row_date(row), reason, excerpt(row)))
        else:
            sound.append(row)
    if line.kind == HEADLINES:
        return list(dict.fromkeys(sound)), rejects
    single = _one_a_day(line, sound, rejects)
    kept = _in_line(line, single, before, last_day, confirmed, rejects)
    rejects += _gaps(line, [row_date(row) for row in (*before[-1:], *kept)], {reject.date for reject in rejects})
    return kept, rejects


def _one_a_day(line: Series, rows: list[Row], rejects: list[Reject]) -> list[Row]:
    """One row a day: a repeated one stands once, two that differ stand not at all."""
    single: list[Row] = []
    for date, group in groupby(rows, key=row_date):
        different = list(dict.fromkeys(group))
        if len(different) == 1:
            single.append(different[0])
        else:
            rejects.append(Reject(line, date, "duplicate", excerpt(different)))
    return single


def _in_line(
    line: Series,
    rows: list[Row],
    past: Sequence[Row],
    last_day: str,
    confirmed: frozenset[tuple[Series, str]],
    rejects: list[Reject],
) -> list[Row]:
    """Judge each row by the good ones before it and by those that follow."""
    kept: list[Row] = []
    points = [Point.of(row) for row in rows]
    known = [Point.of(row) for row in past]
    first = row_date(rows[0]) if rows else ""
    good = [point for point in known if point.date < first]
    for i, row in enumerate(rows):
        around = Line(
            line,
            before=good,
            after=points[i + 1 : i + 1 + doubts.SETTLED],
            last_day=last_day,
            confirmed=(line, points[i].date) in confirmed,
        )
        if reason := _first(row, around, alone=False):
            rejects.append(Reject(line, points[i].date, reason, excerpt(row)))
            continue
        good.append(points[i])
        kept.append(row)
    return kept


def _gaps(line: Series, days: Sequence[str], known: set[str]) -> list[Reject]:
    """Name the days that are not there between two that are, in a line that has one every day."""
    if not is_daily(line.kind):
        return []
    found = []
    for before, after in pairwise(days):
        first = dt.date.fromisoformat(before) + dt.timedelta(days=1)
        missing = (dt.date.fromisoformat(after) - first).days
        if missing > 0 and first.isoformat() not in known:
            found.append(Reject(line, first.isoformat(), "missing day", f"{missing} missing before {after}"))
    return found


def _first(row: Row, line: Line, alone: bool) -> str | None:
    """The reason of the first check that doubts a row."""
    return next((check.reason for check in CHECKS if check.alone is alone and check.doubt(row, line)), None)
