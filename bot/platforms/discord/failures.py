"""What Discord's refusals mean for the one who sends: each error of the client becomes one kind of Undelivered."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
import discord

from bot.phrases import clipped
from bot.platforms.port import ChatClosed, LockedOut, MaybeSent, NotSent, Refused, SlowDown, Undelivered

NEW_TOKEN = "Discord no longer takes this bot's token: get one in the developer portal and set CRIER_DISCORD_TOKEN."
PATIENCE = 60.0  # seconds to wait where the wall before Discord refuses, which says nothing of how long
UNKNOWN_CHANNEL, UNKNOWN_INTERACTION, MISSING_PERMISSIONS = 10003, 10062, 50013
CLOSED: Mapping[int, str] = {  # Discord's codes -> why nothing can be sent there
    UNKNOWN_CHANNEL: "Discord knows no such channel any more",
    10004: "Discord knows no such server any more",
    10013: "Discord knows no such person any more",
    40001: "the bot may not write here",
    50001: "the bot may not see this channel",
    50007: "this person takes no messages from the bot",
    50008: "this is no channel for messages",
    MISSING_PERMISSIONS: "the bot may not write here",
    50278: "this person takes no messages from the bot",
    160005: "this thread is locked",
}
SLOW_CHANNEL = 20028  # more messages than this channel takes


def undelivered(error: BaseException) -> Undelivered:
    """The kind of a failure, in words for people; the token is in none of them."""
    if isinstance(error, Undelivered):
        return error
    if isinstance(error, discord.RateLimited):
        return SlowDown("Discord asks for patience", error.retry_after, everywhere=False)
    if isinstance(error, discord.LoginFailure):
        return LockedOut(NEW_TOKEN)
    if isinstance(error, discord.ConnectionClosed):
        return LockedOut(NEW_TOKEN) if error.code == 4004 else NotSent(f"Discord closed the line ({error.code})")
    if isinstance(error, discord.HTTPException):
        return _refused(error)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NotSent(f"no connection to Discord ({type(error).__name__})")
    return MaybeSent(f"the line to Discord broke, or its answer could not be read ({type(error).__name__})")


def code_of(error: BaseException) -> int:
    """Discord's own number of a refusal, 0 for none."""
    return error.code if isinstance(error, discord.HTTPException) else 0


def _refused(error: discord.HTTPException) -> Undelivered:
    if error.code in CLOSED:
        return ChatClosed(CLOSED[error.code])
    if error.status == 401:
        return LockedOut(NEW_TOKEN)
    if error.code == SLOW_CHANNEL:
        return SlowDown("Discord asks for patience in this channel", PATIENCE, everywhere=False)
    if error.status == 429 or (error.status == 403 and not error.code):
        return SlowDown("the wall before Discord lets nothing through for now", PATIENCE)
    if error.status >= 500:
        return NotSent(f"Discord failed ({error.status})")
    return ChatClosed(_said(error)) if error.status == 403 else Refused(_said(error))


def _said(error: discord.HTTPException) -> str:
    return clipped(" ".join(error.text.split()), 200) or f"Discord refused ({error.status})"
