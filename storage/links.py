"""Joins a chat on one platform with one on another, by a code that an admin of either side brings to the other."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from storage.confirmations import LENGTH, LETTERS, VALID
from storage.connection import Connection


@dataclass(frozen=True, slots=True)
class Offer:
    """A code that was asked for in one chat, and the other chat where it was written, "" before that."""

    code: str
    platform: str
    chat: str
    title: str
    other_platform: str = ""
    other_chat: str = ""
    other_title: str = ""

    @property
    def is_answered(self) -> bool:
        return bool(self.other_chat)


class LinkStore:
    """Which chats are joined, and the codes of those that are about to be."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def partners(self, platform: str, chat: str) -> list[tuple[str, str]]:
        """The chats that are joined with one, by platform and name."""
        rows = self._db.rows(
            "SELECT o.platform, o.chat FROM links o JOIN links m ON m.link = o.link "
            "WHERE m.platform = ? AND m.chat = ? AND NOT (o.platform = m.platform AND o.chat = m.chat) "
            "ORDER BY o.platform, o.chat",
            (platform, chat),
        )
        return [(str(row[0]), str(row[1])) for row in rows]

    def offer(self, platform: str, chat: str, title: str, now: dt.datetime) -> str:
        """Return a code that joins a chat within ten minutes; one that it had before counts no more."""
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        with self._db.atomic():
            self._db.execute("DELETE FROM link_codes WHERE expires <= ?", (_text(now),))
            self._db.execute("DELETE FROM link_codes WHERE platform = ? AND chat = ?", (platform, chat))
            self._db.execute(
                "INSERT INTO link_codes (code, platform, chat, title, expires) VALUES (?, ?, ?, ?, ?)",
                (code, platform, chat, title, _text(now + VALID)),
            )
        return code

    def offered(self, code: str, now: dt.datetime) -> Offer | None:
        """What a code stands for; None where it does not count, or not any more."""
        row = self._db.row(
            "SELECT code, platform, chat, title, other_platform, other_chat, other_title FROM link_codes "
            "WHERE code = ? AND expires > ?",
            (code.strip().upper(), _text(now)),
        )
        return Offer(*map(str, row)) if row else None

    def answer(self, offer: Offer, platform: str, chat: str, title: str) -> bool:
        """Note the other chat; False where another one was faster."""
        with self._db.atomic():
            known = self._db.row("SELECT other_chat FROM link_codes WHERE code = ?", (offer.code,))
            if known is None or known[0] not in ("", chat):
                return False
            self._db.execute(
                "UPDATE link_codes SET other_platform = ?, other_chat = ?, other_title = ? WHERE code = ?",
                (platform, chat, title, offer.code),
            )
        return True

    def join(self, offer: Offer) -> None:
        """Join the two chats of an answered offer; its code counts no more."""
        with self._db.atomic():
            self.forget(offer.platform, offer.chat)
            self.forget(offer.other_platform, offer.other_chat)
            row = self._db.row("SELECT COALESCE(MAX(link), 0) + 1 FROM links")
            number = int(row[0]) if row else 1
            for key in ((offer.platform, offer.chat), (offer.other_platform, offer.other_chat)):
                self._db.execute("INSERT INTO links (platform, chat, link) VALUES (?, ?, ?)", (*key, number))

    def forget(self, platform: str, chat: str) -> bool:
        """End the link of a chat and its waiting codes; False where it was joined with none."""
        partners = self.partners(platform, chat)
        with self._db.atomic():
            for key in ((platform, chat), *partners):
                self._db.execute("DELETE FROM links WHERE platform = ? AND chat = ?", key)
            self._db.execute("DELETE FROM link_codes WHERE platform = ? AND chat = ?", (platform, chat))
            self._db.execute("DELETE FROM link_codes WHERE other_platform = ? AND other_chat = ?", (platform, chat))
        return bool(partners)

    def move(self, platform: str, old: str, new: str) -> None:
        """Let a chat's link follow it to its new name."""
        self._db.execute("DELETE FROM links WHERE platform = ? AND chat = ?", (platform, new))
        self._db.execute("UPDATE links SET chat = ? WHERE platform = ? AND chat = ?", (new, platform, old))


def _text(when: dt.datetime) -> str:
    """An instant as text that sorts by time."""
    return when.astimezone(dt.UTC).isoformat(timespec="seconds")
