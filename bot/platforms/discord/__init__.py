"""Discord: the only place that knows discord.py."""

from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.discord.sync import FileNotes, Notes

__all__ = ["DiscordPlatform", "FileNotes", "Notes"]
