"""The bot's own addresses: its invitation with no more rights than it needs, and where buttons may lead."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.reply import ADD_TO_GROUP

# To see a channel, to write, to write in threads, to show embeds, and to attach charts.
RIGHTS = (1 << 10) | (1 << 11) | (1 << 38) | (1 << 14) | (1 << 15)


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the application; `hosts` are the other hosts that a button may lead to: its own feed's."""

    application: int
    hosts: frozenset[str] = frozenset()

    @property
    def invitation(self) -> str:
        asked = f"client_id={self.application}&scope=bot%20applications.commands&permissions={RIGHTS}"
        return f"https://discord.com/oauth2/authorize?{asked}"

    def own(self, url: str) -> str | None:
        """Where a button may lead: the invitation, or an address of the bot's own; None for any other."""
        if url == ADD_TO_GROUP:
            return self.invitation
        parts = urlsplit(url)
        return url if parts.scheme == "https" and parts.netloc in self.hosts else None
