"""Remembers how far each series is fetched, what makes requests conditional, what was quarantined, how sources fare."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from storage.connection import Connection, Table

VALIDATORS_LAST = dt.timedelta(days=30)


class Cursor(NamedTuple):
    """A series is complete up to and with `until` (None: nothing came yet), as `source` last said.

    `followed` is the instant it was first fetched, `checked` the last at which a source had said all it has.
    """

    kind: str
    subject: str
    until: str | None
    source: str
    followed: str
    checked: str | None


class Quarantined(NamedTuple):
    """A value that was not believed; `settled` once its day was stored after all."""

    kind: str
    subject: str
    date: str
    source: str
    reason: str
    excerpt: str
    seen: str
    settled: str | None = None


class SourceStatus(NamedTuple):
    """How a source fared: asked, answered to the end, and its last error in words."""

    source: str
    asked: str
    answered: str | None
    error: str
    error_at: str | None
    notes: str


class HostStatus(NamedTuple):
    """What became of all requests to one origin; `paused_until` is what it asked for."""

    origin: str
    requests: int
    failures: int
    unchanged: int
    bytes: int
    quota: int | None
    last_success: str | None
    last_error: str
    last_error_at: str | None
    paused_until: str | None


_CURSORS = Table("cursors", Cursor._fields[:2], Cursor._fields[2:])
_VALIDATORS = Table("validators", ("url",), ("etag", "modified"), stamps=("seen",))
_QUARANTINE = Table("quarantine", Quarantined._fields[:5], ("excerpt", "settled"), stamps=("seen",))
_STATUS = Table("source_status", SourceStatus._fields[:1], SourceStatus._fields[1:])
_HOSTS = Table("source_hosts", HostStatus._fields[:1], HostStatus._fields[1:])


class SourceStore:
    """What the fetcher knows between two runs; written in the transaction of the rows it speaks of."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def cursors(self) -> dict[tuple[str, str], Cursor]:
        """Every series' cursor, by (kind, subject)."""
        rows = self._db.rows(f"SELECT {', '.join(Cursor._fields)} FROM cursors")
        return {(row[0], row[1]): Cursor._make(row) for row in rows}

    def put_cursors(self, cursors: Iterable[Cursor]) -> None:
        self._db.put(_CURSORS, cursors)

    def validator(self, url: str) -> tuple[str, str] | None:
        """ETag and Last-Modified of the answer whose rows are stored, if that address gave one."""
        row = self._db.row("SELECT etag, modified FROM validators WHERE url = ?", (url,))
        return (row[0], row[1]) if row else None

    def put_validators(self, validators: Iterable[tuple[str, str, str]], seen: dt.datetime) -> None:
        """Remember (url, etag, modified), and forget those that nobody met for a month."""
        with self._db.atomic():
            self._db.put(_VALIDATORS, ((*row, _text(seen)) for row in validators))
            self._db.execute("DELETE FROM validators WHERE seen < ?", (_text(seen - VALIDATORS_LAST),))

    def quarantine(self, rows: Iterable[Quarantined]) -> None:
        """Keep what was not believed; the same again changes nothing."""
        self._db.put(_QUARANTINE, ((*row[:6], row.settled, row.seen) for row in rows))

    def settle(self, days: Iterable[tuple[str, str, str]], at: dt.datetime) -> None:
        """Mark as settled what was quarantined of (kind, subject, day), now that the day is stored."""
        with self._db.atomic():
            for day in days:
                self._db.execute(
                    """UPDATE quarantine SET settled = ?
                       WHERE kind = ? AND subject = ? AND date = ? AND settled IS NULL""",
                    (_text(at), *day),
                )

    def settle_before(self, lines: Iterable[tuple[str, str, str]], at: dt.datetime) -> None:
        """Mark as settled what was quarantined of (kind, subject) before a day, of what cannot be asked for again."""
        with self._db.atomic():
            for line in lines:
                self._db.execute(
                    """UPDATE quarantine SET settled = ?
                       WHERE kind = ? AND subject = ? AND date <= ? AND settled IS NULL""",
                    (_text(at), *line),
                )

    def quarantined(self, settled: bool = False) -> list[Quarantined]:
        """What is in quarantine, newest day first; with `settled` also what was stored after all."""
        where = "" if settled else "WHERE settled IS NULL"
        rows = self._db.rows(
            f"SELECT {', '.join(Quarantined._fields)} FROM quarantine {where} ORDER BY date DESC, kind, subject, reason"
        )
        return [Quarantined._make(row) for row in rows]

    def quarantine_counts(self) -> dict[tuple[str, str], int]:
        """Values that are in quarantine, by (source, reason)."""
        sql = "SELECT source, reason, COUNT(*) FROM quarantine WHERE settled IS NULL GROUP BY source, reason"
        return {(source, reason): count for source, reason, count in self._db.rows(sql)}

    def put_status(self, status: SourceStatus) -> None:
        self._db.put(_STATUS, [status])

    def statuses(self) -> dict[str, SourceStatus]:
        """How every source fared that was ever asked, by id."""
        rows = self._db.rows(f"SELECT {', '.join(SourceStatus._fields)} FROM source_status")
        return {row[0]: SourceStatus._make(row) for row in rows}

    def put_hosts(self, hosts: Iterable[HostStatus]) -> None:
        self._db.put(_HOSTS, hosts)

    def hosts(self) -> dict[str, HostStatus]:
        """What became of the requests to every host ever asked, by origin."""
        rows = self._db.rows(f"SELECT {', '.join(HostStatus._fields)} FROM source_hosts")
        return {row[0]: HostStatus._make(row) for row in rows}


def _text(instant: dt.datetime) -> str:
    return instant.isoformat(timespec="seconds")
