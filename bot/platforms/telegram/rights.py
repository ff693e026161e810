"""Who is an admin of a chat, asked of Telegram and remembered for a moment."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from telegram import Bot, ChatMember
from telegram.error import TelegramError

from bot.commands import COMMANDS

REMEMBERED = 30.0  # seconds
MOST = 2000
ADMINS = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)


class Rights:
    """Answers whether a person is an admin of a chat; where Telegram does not say, nobody is."""

    def __init__(self, bot: Bot, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bot = bot
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[int, str], tuple[bool, float]] = OrderedDict()

    async def is_admin(self, chat: int, user: str, command: str = "") -> bool:
        """Ask Telegram; what it said a moment ago counts too, but not for a command that weighs it."""
        needs_them = command not in COMMANDS or COMMANDS[command].needs_rights  # `/stop` is said for another one
        known = self._known.get((chat, user))
        if known and not needs_them and self._monotonic() < known[1]:
            return known[0]
        try:
            member = await self._bot.get_chat_member(chat, int(user))
        except (TelegramError, ValueError, KeyError, TypeError):
            return False
        self._known[chat, user] = (member.status in ADMINS, self._monotonic() + REMEMBERED)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return member.status in ADMINS
