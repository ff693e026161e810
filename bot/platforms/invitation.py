"""The invitation that adds the bot to a Discord server, with no more rights than it needs; knows no client library."""

from __future__ import annotations

# To see a channel, to write, to write in threads, to show embeds, and to attach charts.
RIGHTS = (1 << 10) | (1 << 11) | (1 << 38) | (1 << 14) | (1 << 15)


def invitation(application: object) -> str:
    """The address that asks for an application's bot."""
    asked = f"client_id={application}&scope=bot%20applications.commands&permissions={RIGHTS}"
    return f"https://discord.com/oauth2/authorize?{asked}"
