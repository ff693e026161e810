"""Keeps what waits for its confirmation: one-use codes bound to a person and a chat, valid for ten minutes."""

from __future__ import annotations

import datetime as dt
import secrets

from engine.errors import BadRequest
from storage.audit import Identity
from storage.connection import Connection

VALID = dt.timedelta(minutes=10)
KEPT = dt.timedelta(days=1)  # so long an old code still gets the sentence that fits it
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another
LENGTH = 8


class ConfirmationStore:
    """Codes and the deeds behind them, as JSON that only the caller reads."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def keep(self, who: Identity, deed: str, now: dt.datetime) -> str:
        """Return the code under which `who` may confirm `deed` until ten minutes from `now`.

        Kept by nobody (`user` ""), in a chat's own name, anyone there may use it: their rights are the caller's affair.
        """
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        with self._db.atomic():
            self._db.execute("DELETE FROM confirmations WHERE expires < ?", (_text(now - KEPT),))
            self._db.execute(
                "INSERT INTO confirmations (code, platform, chat, user, deed, expires) VALUES (?, ?, ?, ?, ?, ?)",
                (code, *who, deed, _text(now + VALID)),
            )
        return code

    def redeem(self, code: str, who: Identity, now: dt.datetime) -> str:
        """Use a code up and return its deed; BadRequest says in one sentence why it does not count."""
        wanted = code.strip().upper()
        with self._db.atomic():
            row = self._db.row(
                "SELECT platform, chat, user, deed, expires, used FROM confirmations WHERE code = ?", (wanted,)
            )
            if row is None:
                raise BadRequest("There is no such code to confirm: ask for the preview again.")
            if Identity(*row[:3]) not in (who, who._replace(user="")):
                raise BadRequest("That code counts only for the admin who asked, in the chat where they asked.")
            if row[5]:
                raise BadRequest("That code was used already: a new preview brings a new one.")
            if now >= dt.datetime.fromisoformat(row[4]):
                raise BadRequest("That code has expired, they are valid for ten minutes: ask for the preview again.")
            self._db.execute("UPDATE confirmations SET used = 1 WHERE code = ?", (wanted,))
        return str(row[3])


def _text(when: dt.datetime) -> str:
    """An instant as text that sorts by time."""
    return when.astimezone(dt.UTC).isoformat(timespec="seconds")
