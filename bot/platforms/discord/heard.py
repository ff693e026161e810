"""What an interaction says to the bot, by whom and where."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.commands import COMMANDS
from bot.phrases import clipped
from storage.chats import Place

LONGEST_TITLE = 128


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing said to the bot; `is_admin`: they manage the server, or are alone with the bot."""

    text: str
    chat: str
    place: Place
    title: str
    user: str
    is_admin: bool
    pressed: bool
    id: str = ""

    @property
    def is_quiet(self) -> bool:
        """Whether the answer is for this person's eyes alone: presses, settings and matters of admins in a server."""
        return self.place != "private" and (self.pressed or _is_personal(self.text))


def heard(interaction: discord.Interaction, text: str, pressed: bool) -> Heard | None:
    """What an interaction says where its words are `text`; None where nobody can tell who says it, or where."""
    if not interaction.channel_id or not interaction.user:
        return None
    return Heard(
        text, str(interaction.channel_id), place_of(interaction), _title(interaction), str(interaction.user.id),
        interaction.guild_id is None or interaction.permissions.manage_guild, pressed,
        str(interaction.id),
    )  # fmt: skip


def place_of(interaction: discord.Interaction) -> Place:
    if interaction.guild_id is None:
        return "private"
    return "channel" if is_news(interaction.channel) else "group"


def is_news(channel: object) -> bool:
    """Whether other servers can follow a channel."""
    return isinstance(channel, discord.TextChannel) and channel.is_news()


def title_of(channel: object) -> str:
    """`DeFi club #general`; nothing for a private channel."""
    guild, name = getattr(channel, "guild", None), getattr(channel, "name", "")
    return clipped(f"{getattr(guild, 'name', '') or ''} #{name}".strip(), LONGEST_TITLE) if guild else ""


def _title(interaction: discord.Interaction) -> str:
    return title_of(interaction.channel) if interaction.guild_id else ""


def _is_personal(text: str) -> bool:
    command = COMMANDS.get(text.split(" ", 1)[0].lstrip("/"))
    return command is not None and command.needs_rights
