"""Keeps what must be announced beside decisions: admins' orders and changes of method."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from engine.model import Ledger
from storage.chain import GENESIS
from storage.connection import Connection
from storage.journal import Journal


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to announce: the Reply as JSON, and the journal's head at that time; `index` "" means every index."""

    id: int
    ledger: Ledger
    date: dt.date
    index: str
    kind: str
    reply: str
    head: str


class NoticeStore:
    """Notices by number, oldest first; none is changed or deleted."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._db = connection
        self._journal = journal

    def add(self, ledger: Ledger, date: dt.date, index: str, kind: str, reply: str) -> Notice:
        """Keep what is to be announced in the chats of `index` ("" for all), with the journal's head of this moment."""
        head = self._journal.head(ledger) or GENESIS
        cursor = self._db.execute(
            "INSERT INTO notices (ledger, date, index_id, kind, reply, head) VALUES (?, ?, ?, ?, ?, ?)",
            (ledger, date.isoformat(), index, kind, reply, head),
        )
        return Notice(cursor.lastrowid or 0, ledger, date, index, kind, reply, head)

    def since(self, ledger: Ledger, after: int = 0) -> list[Notice]:
        """Notices numbered above `after`, oldest first."""
        rows = self._db.rows(
            "SELECT id, ledger, date, index_id, kind, reply, head FROM notices WHERE ledger = ? AND id > ? ORDER BY id",
            (ledger, after),
        )
        return [Notice(id_, led, dt.date.fromisoformat(date), *rest) for id_, led, date, *rest in rows]
