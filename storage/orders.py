"""Finds bot admins' orders in the journal; their content lives there alone, under a pseudonym."""

from __future__ import annotations

import datetime as dt

from engine.errors import BrokenJournal
from engine.model import Ledger, Order
from storage.chain import Entry
from storage.codec import Codec
from storage.connection import Connection
from storage.journal import COLUMNS, Journal, entry_from

ORDER = "order"  # kind of journal entry

_ENTRY = ", ".join(f"j.{name}" for name in COLUMNS.split(", "))


class OrderStore:
    """Orders by ledger and id; an order's entry is dated with the day from which it counts."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._db = connection
        self._journal = journal
        self._orders = Codec(Order)

    def add(self, ledger: Ledger, order: Order, method: str) -> Entry:
        """Journal an order under its id, with the stamp of the method it was given to."""
        body = self._orders.dump(order) | {"method": method}
        with self._db.atomic():
            entry = self._journal.append(ledger, ORDER, order.effective, body)
            key = (ledger, order.id, order.effective.isoformat(), entry.id)
            self._db.execute("INSERT INTO orders (ledger, id, date, entry) VALUES (?, ?, ?, ?)", key)
        return entry

    def all(self, ledger: Ledger) -> list[Order]:
        """Every order of a ledger as the journal states it, in the order they were given."""
        rows = self._db.rows(
            f"SELECT o.id, o.date, {_ENTRY} FROM orders o JOIN journal j ON j.id = o.entry WHERE o.ledger = ? "
            "ORDER BY j.seq",
            (ledger,),
        )
        return [self._load(row[0], row[1], entry_from(row[2:]), ledger) for row in rows]

    def next_id(self, effective: dt.date) -> str:
        """`2026-11-23/1`: the day an order counts from, and its number on it; both ledgers share the numbers."""
        row = self._db.row("SELECT COUNT(*) FROM orders WHERE date = ?", (effective.isoformat(),))
        return f"{effective}/{(row[0] if row else 0) + 1}"

    def _load(self, key: str, date: str, entry: Entry, ledger: Ledger) -> Order:
        order = self._orders.load(entry)
        if (order.id, order.effective.isoformat(), entry.ledger, entry.kind) != (key, date, ledger, ORDER):
            raise BrokenJournal(f"order {key} points at another entry, {entry.seq}: restore the latest backup.")
        return order
