"""Keeps who became a bot admin by a one-time code; of a code itself only the hash is stored."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from engine.errors import BadRequest
from storage.confirmations import LETTERS
from storage.connection import Connection

VALID = dt.timedelta(days=1)
LENGTH = 16  # 79 bits: nobody guesses one, and a plain hash of it gives nothing away


class AdminStore:
    """Bot admins by platform and user, and the codes that make one."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def new_code(self, now: dt.datetime) -> str:
        """Return a code that makes one person a bot admin, once, within a day of `now`."""
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        with self._db.atomic():
            self._db.execute("DELETE FROM claim_codes WHERE expires < ?", (_text(now),))
            self._db.execute("INSERT INTO claim_codes (hash, expires) VALUES (?, ?)", (_hash(code), _text(now + VALID)))
        return code

    def claim(self, code: str, platform: str, user: str, now: dt.datetime) -> None:
        """Use a code up and make a person a bot admin; BadRequest where it does not count, without saying why."""
        with self._db.atomic():
            used = self._db.execute("DELETE FROM claim_codes WHERE hash = ? AND expires > ?", (_hash(code), _text(now)))
            if not used.rowcount:
                raise BadRequest("That code does not count: each is good for one person, once, within a day.")
            self._db.execute(
                "INSERT INTO bot_admins (platform, user, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (platform, user, _text(now)),
            )

    def has(self, platform: str, user: str) -> bool:
        """Whether a person claimed to be a bot admin with a code that counted."""
        return bool(self._db.row("SELECT 1 FROM bot_admins WHERE platform = ? AND user = ?", (platform, user)))

    def all(self) -> list[tuple[str, str]]:
        """(platform, user) of everybody who did."""
        return [(str(p), str(u)) for p, u in self._db.rows("SELECT platform, user FROM bot_admins ORDER BY since")]

    def remove(self, platform: str, user: str) -> bool:
        """Take the rights away; False where there were none."""
        gone = self._db.execute("DELETE FROM bot_admins WHERE platform = ? AND user = ?", (platform, user))
        return gone.rowcount > 0


def _hash(code: str) -> str:
    """Of a code however it was typed: without spaces and dashes, in capitals."""
    typed = "".join(letter for letter in code.upper() if letter in LETTERS)
    return hashlib.sha256(typed.encode()).hexdigest()


def _text(when: dt.datetime) -> str:
    return when.astimezone(dt.UTC).isoformat(timespec="seconds")
