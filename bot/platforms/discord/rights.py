"""Who manages a server, asked of Discord where a person speaks of a channel of it from elsewhere."""

from __future__ import annotations

import discord


async def manages(client: discord.Client, chat: str, user: str) -> bool:
    """Whether somebody manages the server of a channel; where Discord does not say, nobody does."""
    channel = client.get_channel(int(chat)) if chat.isdigit() and len(chat) < 25 else None
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread) or not user.isdigit():
        return False
    try:
        member = await channel.guild.fetch_member(int(user))
    except (discord.DiscordException, OSError, KeyError, TypeError, ValueError):
        return False
    return member.guild_permissions.manage_guild
