"""Keeps the journal: append-only entries, one hash chain for each ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.errors import BrokenJournal
from engine.model import Ledger
from storage.chain import (
    GENESIS,
    WORD,
    Entry,
    Link,
    Verdict,
    canonical,
    entry_hash,
    head_digits,
    head_verdict,
    is_sound,
    loss_verdict,
    short_head,
    verify_chain,
)
from storage.connection import Connection
from storage.journal_file import find_head_in_file, verify_file, write_file

__all__ = ["Entry", "Journal", "Verdict", "find_head_in_file", "head_verdict", "short_head", "verify_file"]

COLUMNS = "ledger, seq, kind, date, body, previous, hash, id"


class Journal:
    """The chains in the database; nothing in them names a person."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def append(self, ledger: Ledger, kind: str, date: dt.date, body: Mapping[str, object]) -> Entry:
        """Add an entry to the end of a ledger's chain; BrokenJournal where the last one was tampered with."""
        if not WORD.fullmatch(kind):
            raise ValueError(f"{kind!r} is no kind of entry")
        text = canonical(body)
        with self._db.atomic():
            last = self.last(ledger)
            seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
            hash_ = entry_hash(previous, ledger, seq, kind, date.isoformat(), text)
            cursor = self._db.execute(
                "INSERT INTO journal (ledger, seq, kind, date, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (ledger, seq, kind, date.isoformat(), text, previous, hash_),
            )
        return Entry(ledger, seq, kind, date, text, previous, hash_, cursor.lastrowid or 0)

    def entries(self, ledger: Ledger) -> Iterator[Entry]:
        """Every entry in order; BrokenJournal at one whose content is not what was hashed."""
        sql = f"SELECT {COLUMNS} FROM journal WHERE ledger = ? ORDER BY seq"
        return map(entry_from, self._db.stream(sql, (ledger,)))

    def last(self, ledger: Ledger) -> Entry | None:
        """The latest entry, None in an empty ledger."""
        sql = f"SELECT {COLUMNS} FROM journal WHERE ledger = ? ORDER BY seq DESC LIMIT 1"
        row = self._db.row(sql, (ledger,))
        return entry_from(row) if row else None

    def head(self, ledger: Ledger) -> str | None:
        """The latest entry's full hash, None in an empty ledger."""
        last = self.last(ledger)
        return last.hash if last else None

    def verify(self, ledger: Ledger) -> Verdict:
        """Recompute the whole chain from what is stored, byte by byte, and name the first entry that does not hold."""
        fields = ", ".join(f"CAST({name} AS BLOB)" for name in Link.__slots__)
        rows = self._db.stream(f"SELECT {fields} FROM journal WHERE ledger = ? ORDER BY journal.seq", (ledger,))
        return verify_chain(ledger, (Link(*map(_text, row)) for row in rows))

    def count(self, ledger: Ledger) -> int:
        """How many entries a ledger has."""
        row = self._db.row("SELECT COUNT(*) FROM journal WHERE ledger = ?", (ledger,))
        return int(row[0]) if row else 0

    def find_head(self, text: str) -> Entry | None:
        """The entry whose hash begins with a posted head (32 to 64 hex digits, grouped or not), None if there is none.

        A journal that was rewritten and chained anew no longer holds the heads that were posted.
        """
        digits = head_digits(text)
        sql = f"SELECT {COLUMNS} FROM journal WHERE hash BETWEEN ? AND ? LIMIT 1"
        row = self._db.row(sql, (digits, digits.ljust(64, "f")))
        return entry_from(row) if row else None

    def told_of(self, text: str) -> Verdict:
        """What there is to say of a posted head: which entry it is, which restore lost it, or that it is unknown."""
        found = self.find_head(text)
        lost = self.find_loss(text) if found is None else None
        return loss_verdict(lost) if lost else head_verdict(found)

    def find_loss(self, text: str) -> Entry | None:
        """The entry that says that a posted head was lost when a backup was restored, None where there is none."""
        digits = head_digits(text)
        sql = f"SELECT {COLUMNS} FROM journal WHERE kind = 'restored' AND instr(body, ?) LIMIT 1"
        row = self._db.row(sql, (f'"{digits}',))
        return entry_from(row) if row else None

    def export(self, ledger: Ledger, path: str | Path) -> int:
        """Write a ledger's chain as JSON lines that `verify_file` checks; return how many entries."""
        return write_file(path, self.entries(ledger))


def entry_from(row: tuple[Any, ...]) -> Entry:
    """An Entry of a row of `COLUMNS`; BrokenJournal where the content is not what was hashed."""
    ledger, seq, kind, date, body, previous, hash_, id_ = row
    try:
        entry = Entry(ledger, seq, kind, dt.date.fromisoformat(date), body, previous, hash_, id_)
        sound = is_sound(entry)
    except (TypeError, ValueError):
        sound = False
    if not sound:
        raise BrokenJournal(
            f"entry {seq} of the {ledger} journal ({kind}, {date}) is not what was hashed: "
            "stop announcing, and restore the journal from a backup or an export."
        )
    return entry


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "surrogateescape")
