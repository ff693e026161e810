"""The bot's own addresses: its invitation with no more rights than it needs, and where buttons may lead."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.platforms.invitation import invitation
from bot.reply import ADD_TO_GROUP


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the application; `hosts` are the other hosts that a button may lead to: its own feed's."""

    application: int
    hosts: frozenset[str] = frozenset()

    @property
    def invitation(self) -> str:
        return invitation(self.application)

    def own(self, url: str) -> str | None:
        """Where a button may lead: the invitation, or an address of the bot's own; None for any other."""
        if url == ADD_TO_GROUP:
            return self.invitation
        parts = urlsplit(url)
        return url if parts.scheme == "https" and parts.netloc in self.hosts else None
