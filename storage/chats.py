"""Remembers which risk mode each chat follows."""

from __future__ import annotations

from storage.connection import Connection, Table

_CHATS = Table("chats", ("platform", "chat"), ("mode",))


class ChatStore:
    """Chats by platform and the platform's own name for them."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def mode(self, platform: str, chat: str) -> str | None:
        """Return the mode a chat chose, None where it never did."""
        row = self._db.row("SELECT mode FROM chats WHERE platform = ? AND chat = ?", (platform, chat))
        return str(row[0]) if row else None

    def set_mode(self, platform: str, chat: str, mode: str) -> None:
        """Let a chat follow `mode` from now on."""
        self._db.put(_CHATS, [(platform, chat, mode)])
