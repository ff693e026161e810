"""Keeps who gave which order, apart from the journal and deletable; the journal knows admins by pseudonym only."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import NamedTuple

from engine.errors import StorageError
from engine.model import Ledger, Order
from storage.connection import Connection

SCRUB_WAITS = 1000  # milliseconds


class Identity(NamedTuple):
    """A person as a platform names them, and the chat they acted in."""

    platform: str
    chat: str
    user: str


class AuditStore:
    """Pseudonyms by platform and user, and one row an order; forgetting a person breaks every link to them."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def pseudonym(self, platform: str, user: str) -> str:
        """The name under which a person acts in public, drawn by lot the first time and told by nothing else."""
        with self._db.atomic():
            row = self._db.row("SELECT pseudonym FROM identities WHERE platform = ? AND user = ?", (platform, user))
            if row:
                return str(row[0])
            name = self._unused()
            self._db.execute("INSERT INTO identities VALUES (?, ?, ?)", (platform, user, name))
        return name

    def add(self, ledger: Ledger, order: Order, who: Identity, at: dt.datetime) -> None:
        """Keep who gave an order, where and when."""
        self.record(ledger, order.id, order.by, who, at)

    def record(self, ledger: Ledger, act: str, pseudonym: str, who: Identity, at: dt.datetime) -> None:
        """Keep who did what the journal knows as `act`, by its id."""
        row = (at.isoformat(timespec="seconds"), ledger, act, pseudonym, *who)
        self._db.execute(
            "INSERT INTO audit (at, ledger, order_id, pseudonym, platform, chat, user) VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )

    def identities(self) -> dict[str, Identity]:
        """{order id: who gave it}; who was forgotten is not in it."""
        rows = self._db.rows("SELECT order_id, platform, chat, user FROM audit WHERE user IS NOT NULL")
        return {order: Identity(platform, chat, user) for order, platform, chat, user in rows}

    def knows(self, platform: str, user: str) -> bool:
        """Whether anything here names a person: a pseudonym, a code, a right, an order."""
        person = (platform, user)
        return any(
            self._db.row(f"SELECT 1 FROM {table} WHERE platform = ? AND user = ?", person)
            for table in ("identities", "confirmations", "bot_admins", "audit")
        )

    def forget(self, platform: str, user: str) -> bool:
        """Delete a person's identity for good; the pseudonym stays in journal and audit, and leads nowhere.

        What they claimed as a bot admin goes with it.

        Returns whether anything was known of them. Somebody forgotten who acts again gets a new pseudonym.
        """
        person = (platform, user)
        with self._db.atomic():
            known = sum(
                self._db.execute(f"{statement} WHERE platform = ? AND user = ?", person).rowcount
                for statement in (
                    "DELETE FROM identities",
                    "DELETE FROM confirmations",
                    "DELETE FROM bot_admins",
                    "UPDATE audit SET platform = NULL, chat = NULL, user = NULL",
                )
            )
        if not self._db.raw.conn.in_transaction and not self.scrub():
            raise StorageError(
                "the name is deleted, but another program reads the database, so its old pages may still hold it: "
                "stop the bot and run the command again."
            )
        return known > 0

    def scrub(self) -> bool:
        """Empty the write-ahead log, which still holds the old pages; False where another program reads them now.

        One that replicates the database always does, so this waits less for others than a write would.
        """
        (usual,) = self._db.row("PRAGMA busy_timeout") or (0,)
        self._db.row(f"PRAGMA busy_timeout = {min(usual, SCRUB_WAITS)}")
        try:
            busy = self._db.row("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._db.row(f"PRAGMA busy_timeout = {usual}")
        return not (busy and busy[0])

    def _unused(self) -> str:
        """A pseudonym nobody bears or bore: one that was forgotten must not speak for somebody else."""
        taken = {
            str(name) for (name,) in self._db.rows("SELECT pseudonym FROM identities UNION SELECT pseudonym FROM audit")
        }
        digits = 2
        while (name := f"admin-{secrets.token_hex(digits)}") in taken:
            digits += 1  # the short names are running out
        return name
