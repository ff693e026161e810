"""The bot's own addresses: invitations to groups and channels, and links that ask it something in private."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import get_type_hints
from urllib.parse import urlsplit

from bot.book import Book
from bot.command import Command, Who
from bot.commands import COMMANDS
from bot.reply import ADD_TO_CHANNEL, ADD_TO_GROUP

ASKS = "c-"  # how a start parameter begins that holds a command
MOST_PAYLOAD = 64
PAYLOAD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the bot called `username`; `hosts` are the other hosts that it may lead to: its own feed's."""

    username: str
    hosts: frozenset[str] = frozenset()

    @property
    def home(self) -> str:
        return f"https://t.me/{self.username}"

    def own(self, url: str) -> str | None:
        """Where a button may lead: an invitation, or an address of the bot's own; None for any other."""
        # No parameter after startgroup: the bot would be told /start in the group. It asks for no right there, and in a
        # channel for that to post alone.
        invitations = {
            ADD_TO_GROUP: f"{self.home}?startgroup",
            ADD_TO_CHANNEL: f"{self.home}?startchannel&admin=post_messages",
        }
        if url in invitations:
            return invitations[url]
        parts = urlsplit(url)
        ours = parts.netloc == "t.me" and parts.path == f"/{self.username}"
        return url if parts.scheme == "https" and (ours or parts.netloc in self.hosts) else None

    def asking(self, command: str) -> str | None:
        """A link that opens the private chat and asks there; None where it would change something, or is too long."""
        payload = ASKS + base64.urlsafe_b64encode(command.encode()).decode().rstrip("=")
        return f"{self.home}?start={payload}" if len(payload) <= MOST_PAYLOAD and only_reads(command) else None


def asked_by(payload: str) -> str | None:
    """The command in a start parameter. One that would change something is none: anybody can write such a link."""
    if not payload.startswith(ASKS) or not PAYLOAD.fullmatch(payload):
        return None
    packed = payload.removeprefix(ASKS)
    try:
        command = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return command if only_reads(command) else None


def only_reads(text: str) -> bool:
    """Whether a message is a command for everybody that asks for a Book, and so cannot write."""
    command = COMMANDS.get(text.lstrip("/").split(" ", 1)[0].casefold()) if text.startswith("/") else None
    return command is not None and command.who is Who.MEMBER and _reads(command)


def _reads(command: Command) -> bool:
    hints = get_type_hints(command.run)
    hints.pop("return", None)
    return Book in hints.values()
