"""Works out what is missing: which series each source is asked for, and from which day on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.measures import KINDS
from engine.model import Token
from engine.sources.port import HEADLINES, Series, Source
from engine.sources.table import Route
from storage.database import Database
from storage.sources import Cursor

ABSENT_AGAIN = dt.timedelta(days=7)  # a series that never had a value is asked for again after this long


@dataclass(frozen=True, slots=True)
class Standing:
    """What is here before a fetch: tokens, how far each series is, and the newest day of each that holds anything."""

    instant: dt.datetime
    tokens: Sequence[Token]
    cursors: Mapping[tuple[str, str], Cursor]
    last_days: Mapping[tuple[str, str], str]

    @staticmethod
    def of(database: Database, instant: dt.datetime) -> Standing:
        return Standing(instant, database.market.tokens(), database.sources.cursors(), database.live.last_days())

    @property
    def day(self) -> dt.date:
        return self.instant.date()

    def until(self, series: Series) -> dt.date | None:
        """The day up to which a series is here."""
        cursor = self.cursors.get(series)
        text = (cursor.until if cursor else None) or self.last_days.get(series)
        return dt.date.fromisoformat(text[:10]) if text else None

    def newest(self, series: Series, source: Source) -> dt.date:
        """The last day that a source is asked for: today of what passes, of the past the eve of the first time."""
        if series.kind in source.passing:
            return self.day
        if series.kind not in source.past:
            return self.day - dt.timedelta(days=source.newest)
        cursor = self.cursors.get(series)
        began = dt.date.fromisoformat(cursor.followed[:10]) if cursor else self.day
        return began - dt.timedelta(days=1)

    def is_resting(self, series: Series, every: dt.timedelta, last: str) -> bool:
        """Whether a source said not long ago that it has no more; only the `last` can say that there is none at all."""
        cursor = self.cursors.get(series)
        if cursor is None or cursor.checked is None or (cursor.until is None and cursor.source != last):
            return False
        rest = every if cursor.until or series.kind == HEADLINES else max(every, ABSENT_AGAIN)
        return self.instant - dt.datetime.fromisoformat(cursor.checked) < rest


def missing(source: Source, kinds: Iterable[str], standing: Standing) -> dict[Series, dt.date]:
    """What a source could add to each series of `kinds`: the first day to ask for, with known days that it restates.

    Of texts the last day is never known to be all there is: it is asked for again.
    """
    wanted = set(kinds)
    found = {}
    for series in source.series(standing.tokens):
        if series.kind not in wanted:
            continue
        until = standing.until(series)
        newest = standing.newest(series, source)
        whole = dt.timedelta(days=series.kind != HEADLINES)
        first = until + whole if until else standing.day - dt.timedelta(days=source.history)
        if series.kind in source.passing:
            first = max(first, newest)
        if first <= newest:
            again = source.overlap.get(series.kind, 0) if until else 0
            found[series] = first - dt.timedelta(days=again)
    return found


def due(routes: Iterable[Route], sources: Mapping[str, Source], standing: Standing) -> set[Series]:
    """All series of which something is missing, and which no source has just been asked for."""
    found = set()
    for route in routes:
        for name in route.sources:
            source = sources[name]
            for series in missing(source, [route.kind], standing):
                if not standing.is_resting(series, source.every, route.sources[-1]):
                    found.add(series)
    return found


def is_current(series: Series, standing: Standing, newest: int) -> bool:
    """Whether a series is as new as it must be to be used: candles of the last day, measures still fresh."""
    until = standing.until(series)
    kind = KINDS.get(series.kind)
    slack = kind.lag + kind.fresh if kind else 0
    return until is not None and (standing.day - until).days <= newest + slack
