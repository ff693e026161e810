"""Keeps headlines and posts as they were first seen: each once, known no earlier than seen, and so many a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from engine.model import Headline
from storage.connection import Connection, Written
from storage.knowledge import Key, first_known
from storage.market import MarketStore

SERIES = "headlines"
AGAIN = dt.timedelta(hours=12)  # within which the same title of the same place is the same text, whatever its date says


class TextStore:
    """Texts by the instant they were seen."""

    def __init__(self, connection: Connection, market: MarketStore) -> None:
        self._db = connection
        self._market = market

    def put(
        self, headlines: Iterable[Headline], seen: dt.datetime, followed: Mapping[Key, dt.date], daily: int = 0
    ) -> Written:
        """Store what is new; of one place and day, `daily` texts are kept (0: all), those seen first.

        A headline is news once: a feed that shows it again does not make it known later, and one that shows it late,
        whatever date it bears, does not make it known earlier.
        """
        instant, today = seen.isoformat(timespec="seconds"), seen.date()
        new, told = list[Headline](), dict[tuple[str, ...], list[dt.datetime]]()
        written, room = Written(), dict[Key, int]()
        for headline in headlines:
            place = (headline.source, headline.published_at[:10])
            if place not in room:
                room[place] = daily - self._count(*place)
            moment, before = dt.datetime.fromisoformat(headline.published_at), told.setdefault(headline[1:4], [])
            if self._stands(headline, moment) or any(abs(moment - other) <= AGAIN for other in before):
                written += Written(same=1)
            elif daily and room[place] <= 0:
                written += Written(over=1)
            else:
                room[place] -= 1
                before.append(moment)
                since = followed.get((SERIES, headline.source), today)
                new.append(headline._replace(known=first_known(headline.known, today, since)))
        return written + self._market.put_headlines(new, instant)

    def _count(self, source: str, day: str) -> int:
        sql = "SELECT COUNT(*) FROM headlines WHERE published_at BETWEEN ? AND ? AND source = ?"
        return int(self._db.rows(sql, (day, f"{day} 23:59:59", source))[0][0])

    def _stands(self, headline: Headline, moment: dt.datetime) -> bool:
        sql = "SELECT 1 FROM headlines WHERE published_at BETWEEN ? AND ? AND source = ? AND subject = ? AND title = ?"
        return self._db.row(sql, (str(moment - AGAIN), str(moment + AGAIN), *headline[1:4])) is not None
