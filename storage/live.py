"""Keeps what live sources bring as it was seen: each value with its instant, and known no earlier than it can be.

A value is known from the day on which such a series is usually out. One that came later than that, in a series already
followed, is known only from the day before it was seen (a decision may use what the fetch of its own day brought). A
value that differs from the one that stood is a restatement: it is kept beside it, and known from the day it was seen,
so that a later backtest sees at every date what was seen then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from engine.model import Candle, Headline, Measure, Snapshot
from storage.connection import Connection, Written
from storage.knowledge import Key, first_known
from storage.market import MarketStore
from storage.texts import TextStore


class LiveStore:
    """Rows by the instant they were seen, and the last ones of a series to judge new ones by."""

    def __init__(self, connection: Connection, market: MarketStore) -> None:
        self._db = connection
        self._market = market
        self._texts = TextStore(connection, market)

    def put(
        self,
        rows: Iterable[Candle | Snapshot | Measure | Headline],
        seen: dt.datetime,
        followed: Mapping[Key, dt.date],
        daily: int = 0,
    ) -> Written:
        """Store rows seen now; `followed` says since when each series is, today where it is not in it.

        Of the texts of one place and day, `daily` are kept (0: all).
        """
        found = list(rows)
        instant = seen.isoformat(timespec="seconds")
        candles = [row for row in found if isinstance(row, Candle)]
        snapshots = [row for row in found if isinstance(row, Snapshot)]
        headlines = [row for row in found if isinstance(row, Headline)]
        measures = [row for row in found if isinstance(row, Measure)]
        written = Written()
        with self._db.atomic():
            if candles:
                written += self._market.put_candles(candles, instant)
            if snapshots:
                written += self._market.put_snapshots(snapshots, instant)
            if headlines:
                written += self._texts.put(headlines, seen, followed, daily)
            if measures:
                written += self._put_measures(measures, seen, followed)
        return written

    def _put_measures(self, measures: list[Measure], seen: dt.datetime, followed: Mapping[Key, dt.date]) -> Written:
        today = seen.date()
        changed = []
        for row in measures:
            standing = self._standing(row)
            if standing is None:
                since = followed.get((row.metric, row.subject), today)
                changed.append(row._replace(known=first_known(row.known, today, since)))
            elif standing != row.value:
                changed.append(row._replace(known=max(row.known, today.isoformat())))
        same = Written(same=len(measures) - len(changed))
        return self._market.put_measures(changed, seen.isoformat(timespec="seconds")) + same

    def _standing(self, row: Measure) -> float | None:
        found = self._db.row(
            """SELECT value FROM measures WHERE metric = ? AND subject = ? AND source = ? AND date = ?
               ORDER BY known DESC LIMIT 1""",
            (row.metric, row.subject, row.source, row.date),
        )
        return None if found is None else float(found[0])

    # what is here already

    def last_days(self) -> dict[Key, str]:
        """Newest day of every series that holds anything, by (kind, subject); candles and snapshots among them."""
        days: dict[Key, str] = {
            (metric, subject): date
            for metric, subject, date in self._db.stream(
                "SELECT metric, subject, MAX(date) FROM measures GROUP BY metric, subject"
            )
        }
        for symbol, day in self._market.last_candles().items():
            days["candles", symbol] = day.isoformat()
        (newest,) = self._db.rows("SELECT MAX(date) FROM snapshots")[0]
        return days | ({("snapshots", ""): newest} if newest else {})

    def newest_texts(self) -> dict[str, str]:
        """When the newest text of every place was published, ISO in UTC, by place."""
        return dict(self._db.rows("SELECT source, MAX(published_at) FROM headlines GROUP BY source"))

    def volume_sources(self) -> dict[str, str]:
        """Whose volume each token's latest candle carries, by symbol: levels compare within one source only."""
        rows = self._db.rows(
            """SELECT symbol, (SELECT source FROM candles WHERE token = id ORDER BY date DESC LIMIT 1) FROM tokens"""
        )
        return {symbol: source for symbol, source in rows if source}

    def tail_of_candles(self, token: int, count: int) -> list[Candle]:
        """A token's last candles, oldest first."""
        sql = f"SELECT {', '.join(Candle._fields)} FROM candles WHERE token = ? ORDER BY date DESC LIMIT ?"
        rows = self._db.rows(sql, (token, count))
        return [Candle._make((*values, estimated == 1)) for *values, estimated in reversed(rows)]

    def tail_of_snapshots(self, token: int, count: int) -> list[Snapshot]:
        """A token's last rankings, oldest first."""
        sql = f"SELECT {', '.join(Snapshot._fields)} FROM snapshots WHERE token = ? ORDER BY date DESC LIMIT ?"
        return [Snapshot._make(row) for row in reversed(self._db.rows(sql, (token, count)))]

    def month_firsts(self, metric: str) -> list[tuple[str, str, float]]:
        """(subject, day, value) of a measure on the first of every month, as it was known last."""
        sql = """SELECT subject, date, value, MAX(known) FROM measures WHERE metric = ? AND date LIKE '%-01'
                 GROUP BY subject, date ORDER BY subject, date"""
        return [(subject, date, value) for subject, date, value, _ in self._db.stream(sql, (metric,))]

    def oldest_supplies(self) -> dict[int, float]:
        """The first supply that is known of each token, of any source."""
        rows = self._db.rows(
            """SELECT token, supply, MIN(date) FROM (
                SELECT t.id AS token, m.value AS supply, m.date AS date FROM measures m JOIN tokens t
                    ON t.symbol = m.subject WHERE m.metric = 'circulating_supply'
                UNION ALL SELECT token, supply, date FROM snapshots WHERE observed IS NOT NULL
                    AND date >= (SELECT value FROM provenance WHERE key = 'ranked from')
            ) GROUP BY token"""
        )
        return {token: supply for token, supply, _ in rows}

    def month_end(self, day: dt.date, close_days: int, traded_days: int) -> list[tuple[int, float, float | None]]:
        """(token, last close of the last days, mean dollar volume of more of them) of who traded lately."""
        since = [(day - dt.timedelta(days=days - 1)).isoformat() for days in (close_days, traded_days)]
        return self._db.rows(
            """SELECT t.id, c.close, (SELECT AVG(v.volume_usd) FROM candles v
                    WHERE v.token = t.id AND v.date BETWEEN :traded AND :day)
               FROM tokens t JOIN candles c ON c.token = t.id AND c.date = (
                    SELECT MAX(date) FROM candles WHERE token = t.id AND date BETWEEN :since AND :day)""",
            {"day": day.isoformat(), "since": since[0], "traded": since[1]},
        )

    def tail_of_measures(self, metric: str, subject: str, count: int) -> list[Measure]:
        """A series' last values, oldest first, one a day: the one that was known last."""
        sql = f"""SELECT {", ".join(Measure._fields)}, MAX(known) FROM measures WHERE metric = ? AND subject = ?
                  GROUP BY date ORDER BY date DESC LIMIT ?"""
        return [Measure._make(row[:-1]) for row in reversed(self._db.rows(sql, (metric, subject, count)))]
