"""Finds what bot admins announced to everybody: its content lives in the journal alone, under a pseudonym."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from engine.model import Ledger
from storage.chain import Entry
from storage.codec import Codec
from storage.connection import Connection
from storage.journal import COLUMNS, Journal, entry_from

KIND = "announcement"  # kind of journal entry


@dataclass(frozen=True, slots=True)
class Proclamation:
    """A bot admin's own words to the chats of an index, or to all of them (`index` None), under a pseudonym."""

    id: str
    index: str | None
    text: str
    by: str
    given: dt.datetime


class ProclamationStore:
    """Announcements in the order they were made; `id` is the day and the number on it, `2026-11-23/a1`."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._db = connection
        self._journal = journal
        self._codec = Codec(Proclamation)

    def add(self, ledger: Ledger, said: Proclamation, method: str) -> Entry:
        """Journal an announcement, with the stamp of the method of that day."""
        body = self._codec.dump(said) | {"method": method}
        return self._journal.append(ledger, KIND, said.given.date(), body)

    def all(self, ledger: Ledger) -> list[Proclamation]:
        """Every announcement of a ledger as the journal states it, oldest first."""
        rows = self._db.rows(
            f"SELECT {COLUMNS} FROM journal WHERE ledger = ? AND kind = ? ORDER BY seq", (ledger, KIND)
        )
        return [self._codec.load(entry_from(row)) for row in rows]

    def next_id(self, day: dt.date) -> str:
        """An id that no announcement of any ledger bears."""
        row = self._db.row("SELECT COUNT(*) FROM journal WHERE kind = ? AND date = ?", (KIND, day.isoformat()))
        return f"{day}/a{(row[0] if row else 0) + 1}"
