"""Figures that chat shows about a level: growth since a start, this week's change, worst fall."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engine.model import BASE_LEVEL, LevelPoint

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Growth:
    """What one dollar put in before the fill of `days[0]` was worth at each day's close, after costs."""

    days: tuple[dt.date, ...]
    values: tuple[float, ...]

    @property
    def start(self) -> dt.date:
        return self.days[0]

    @property
    def now(self) -> float:
        return self.values[-1]

    def at(self, date: dt.date) -> float:
        """The value at the last close up to `date`; 1 before the start."""
        position = bisect_right(self.days, date)
        return self.values[position - 1] if position else 1.0

    def week(self, ending: dt.date | None = None) -> float:
        """Relative change over the seven days up to `ending` (default: the last close)."""
        end = ending or self.days[-1]
        return self.at(end) / self.at(end - WEEK) - 1

    def worst_fall(self) -> float:
        """The deepest fall from an earlier high, as a negative share; 0 where there was none."""
        high, worst = 1.0, 0.0
        for value in self.values:
            high = max(high, value)
            worst = min(worst, value / high - 1)
        return worst


def growth(points: Sequence[LevelPoint], start: dt.date | None = None, before: dt.date | None = None) -> Growth | None:
    """Growth of the net level from `start` (default: the first point) up to the day before `before`; None if empty.

    The dollar goes in before the first day's fill, so that day's cost counts: its base is the close before, or 1000.
    """
    seen = [p for p in points if before is None or p.date < before]
    kept = [p for p in seen if start is None or p.date >= start]
    if not kept:
        return None
    earlier = len(seen) - len(kept)
    base = seen[earlier - 1].net if earlier else BASE_LEVEL
    return Growth(tuple(p.date for p in kept), tuple(p.net / base for p in kept))


def weeks_ahead(index: Growth, holding: Growth) -> tuple[int, int]:
    """In how many whole weeks since the start the index did better than just holding: (weeks ahead, weeks)."""
    whole = (index.days[-1] - index.start).days // 7
    ends = [index.start + WEEK * (i + 1) for i in range(whole)]
    return sum(index.week(end) > holding.week(end) for end in ends), whole
