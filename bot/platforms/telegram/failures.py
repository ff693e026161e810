"""What Telegram's refusals mean for the one who sends: each error of the client becomes one kind of Undelivered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.phrases import clipped
from bot.platforms.port import ChatClosed, ChatMoved, LockedOut, MaybeSent, NotSent, Refused, SlowDown, Undelivered

TALKATIVE = ("httpx", "httpcore", "telegram")  # they log each request; what goes wrong is told by whoever made it
NEW_TOKEN = "Telegram no longer takes this bot's token: get one from @BotFather and set CRIER_TELEGRAM_TOKEN."
PATIENCE = 30.0  # seconds to wait where Telegram asks for patience and does not say how much
CLOSED: Mapping[str, str] = {  # part of a 400's words, in small letters -> why nothing can be sent there
    "chat not found": "Telegram knows no such chat any more",
    "user not found": "Telegram knows no such person any more",
    "peer_id_invalid": "Telegram knows no such chat any more",
    "not enough rights": "the bot may not write here",
    "have no rights to send": "the bot may not write here",
    "need administrator rights": "the bot is no admin of this channel",
    "chat_write_forbidden": "the bot may not write here",
    "chat_restricted": "Telegram has restricted this chat",
    "chat_admin_required": "the bot is no admin of this channel",
    "user_is_blocked": "this person has blocked the bot",
    "bot is not a member": "the bot is not in this chat",
    "group chat was upgraded": "this group has become another one",
    "group chat was deactivated": "this group is closed",
}
NO_TOPIC = ("message thread not found", "topic_closed", "topic_deleted", "topic closed")
# The connection was never made, so nothing was sent. After it was, nobody knows.
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


def undelivered(error: Exception) -> Undelivered:
    """The kind of a failure, in words for people; the token is in none of them."""
    if isinstance(error, Undelivered):
        return error
    if isinstance(error, ChatMigrated):
        return ChatMoved("this group has become a supergroup", str(error.new_chat_id))
    if isinstance(error, RetryAfter):
        return SlowDown("Telegram asks for patience", seconds_of(error))
    if isinstance(error, InvalidToken):
        return LockedOut(NEW_TOKEN)
    if isinstance(error, Forbidden):
        return ChatClosed(_said(error))
    if isinstance(error, BadRequest):
        return _bad_request(error)
    if isinstance(error, NetworkError):
        return _on_the_way(error)
    return MaybeSent(f"Telegram's answer could not be read ({type(error).__name__})")


def seconds_of(error: RetryAfter) -> float:
    """How long to wait; the library is between two ways to say it."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, dt.timedelta) else float(wait)


def topic_is_gone(error: Exception) -> bool:
    return isinstance(error, BadRequest) and any(part in error.message.casefold() for part in NO_TOPIC)


def is_unchanged(error: Exception) -> bool:
    """Whether an edit failed only because the message stood so already."""
    return isinstance(error, BadRequest) and "message is not modified" in error.message.casefold()


def _bad_request(error: BadRequest) -> Undelivered:
    words = error.message.casefold()
    why = next((why for part, why in CLOSED.items() if part in words), None)
    return ChatClosed(why) if why else Refused(_said(error))


def _on_the_way(error: NetworkError) -> Undelivered:
    """A broken line, a server's failure, or silence."""
    cause = error.__cause__
    if isinstance(cause, UNSENT):
        return NotSent(f"no connection to Telegram ({type(cause).__name__})")
    if isinstance(cause, httpx.HTTPError) or error.message.startswith("Unknown error in HTTP"):
        return MaybeSent(f"the line to Telegram broke ({type(cause).__name__})")
    if "too many requests" in error.message.casefold():
        return SlowDown("Telegram asks for patience", PATIENCE)
    return NotSent(f"Telegram failed: {clipped(error.message.split('. Parsing the server', 1)[0], 80)}")


def _said(error: TelegramError) -> str:
    return clipped(error.message, 200)
