"""Reads what was published, in the journal's order: announcements, and stretches of entries, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from engine.model import Ledger
from storage.border import translated
from storage.chain import Entry
from storage.connection import Connection
from storage.journal import COLUMNS, entry_from


@dataclass(frozen=True, slots=True)
class Cried:
    """One announcement: `seq` is its decision's journal entry, `reply` a Reply as JSON, `head` the journal's."""

    ledger: str
    index: str
    mode: str
    date: str
    sequence: int
    seq: int
    reply: str
    head: str


class Published:
    """The public part of a database, for those who only read."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside is of one moment, whatever is written meanwhile."""
        link = self._db.raw.conn
        with translated(self._db.path):
            link.execute("BEGIN")
            try:
                yield
            finally:
                link.execute("ROLLBACK")

    def stamp(self) -> tuple[object, ...]:
        """Changes with every entry, day of levels and judgement of past calls; not while chats are being told."""
        tables = ("journal", "levels", "provenance")
        return self._db.recall(tables, "stamp", self._read_stamp)

    def _read_stamp(self) -> tuple[object, ...]:
        return tuple(
            self._db.row(
                """SELECT (SELECT MAX(id) FROM journal), (SELECT MAX(date) FROM levels), (SELECT COUNT(*) FROM levels),
                   (SELECT GROUP_CONCAT(value) FROM provenance)"""
            )
            or ()
        )

    def entries(self, ledger: Ledger, after: int, limit: int) -> list[Entry]:
        """Up to `limit` entries that follow entry `after`, in order; BrokenJournal at one that was changed."""
        sql = f"SELECT {COLUMNS} FROM journal WHERE ledger = ? AND seq > ? ORDER BY seq LIMIT ?"
        return [entry_from(row) for row in self._db.rows(sql, (ledger, after, limit))]

    def entry(self, ledger: Ledger, seq: int) -> Entry | None:
        """One entry by its number."""
        row = self._db.row(f"SELECT {COLUMNS} FROM journal WHERE ledger = ? AND seq = ?", (ledger, seq))
        return entry_from(row) if row else None

    def newest(self, ledger: Ledger, limit: int, mode: str = "", skip: int = 0) -> list[Cried]:
        """The last announcements but the newest `skip`, newest first; of one risk mode where it is named."""
        return self._cried(f"{_MODE} ORDER BY j.seq DESC LIMIT ? OFFSET ?", ledger, (mode, mode, limit, skip))

    def since(self, ledger: Ledger, seq: int, limit: int) -> list[Cried]:
        """Announcements of decisions after entry `seq`, oldest first."""
        return self._cried("AND j.seq > ? ORDER BY j.seq LIMIT ?", ledger, (seq, limit))

    def _cried(self, where: str, ledger: Ledger, values: tuple[object, ...]) -> list[Cried]:
        sql = f"""SELECT a.ledger, a.index_id, a.mode, d.date, a.sequence, j.seq, a.reply, a.head
            FROM announcements a JOIN decisions d USING (ledger, index_id, mode, week, sequence)
            JOIN journal j ON j.id = d.entry WHERE a.ledger = ? {where}"""
        return [Cried(*row) for row in self._db.rows(sql, (ledger, *values))]


_MODE = "AND (? = '' OR a.mode = ?)"
