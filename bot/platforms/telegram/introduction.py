"""Asks Telegram once who a token belongs to, before anything runs with it."""

from __future__ import annotations

from contextlib import suppress

from telegram import Bot
from telegram.error import InvalidToken
from telegram.request import HTTPXRequest

from bot.platforms.introduced import Introduced
from bot.platforms.port import LockedOut
from bot.platforms.secrecy import token_unsaid
from bot.platforms.telegram.failures import NEW_TOKEN, undelivered
from bot.platforms.telegram.inbox import ID
from bot.platforms.telegram.links import Links
from bot.platforms.telegram.platform import TALKATIVE
from bot.reply import ADD_TO_CHANNEL, ADD_TO_GROUP

WITHIN = 10.0  # seconds
GROUPS_OFF = "The bot may not be added to groups: switch Allow Groups on at @BotFather, under Bot Settings."
PRIVACY_OFF = "The bot is shown every message of its groups: switch Group Privacy on at @BotFather."


async def introduce(token: str, api: str) -> Introduced:
    """Ask getMe; LockedOut where Telegram refuses the token, another Undelivered where it cannot be asked."""
    with token_unsaid(token, TALKATIVE):
        request = HTTPXRequest(1, connect_timeout=WITHIN, read_timeout=WITHIN, pool_timeout=WITHIN)
        try:
            bot = Bot(token, f"{api.rstrip('/')}/bot", request=request, get_updates_request=request)
        except InvalidToken:
            raise LockedOut(NEW_TOKEN) from None
        try:
            await bot.initialize()
            return _introduced(bot)
        except Exception as error:
            raise undelivered(error) from None
        finally:
            with suppress(Exception):
                await bot.shutdown()


def _introduced(bot: Bot) -> Introduced:
    links = Links(bot.username)
    invitations = (
        ("write to it", links.home),
        ("add it to a group (it asks for no right)", links.own(ADD_TO_GROUP) or links.home),
        ("add it to a channel (to post, nothing else)", links.own(ADD_TO_CHANNEL) or links.home),
    )
    notes = [GROUPS_OFF] if not bot.can_join_groups else []
    notes += [PRIVACY_OFF] if bot.can_read_all_group_messages else []
    return Introduced(ID, f"@{bot.username}", invitations, tuple(notes))
