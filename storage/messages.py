"""What a message is: news, a text and the chats it is for, a row that its owner may send, and why one is not sent."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from storage.chats import Chat

Push = Literal["weekly", "danger", "watched", "admin"]  # what a message is; admins' need no subscription

DAMAGED = "its stored text is damaged"
TOO_OLD = "too old to be told"
_EPOCH, _MILLISECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class News:
    """What happened, told to each chat once under its `name`; `level` above 0 overtakes what has none. Nothing of it
    is sent from `expires` on: an old backup never announces again."""

    name: str
    push: Push
    expires: dt.datetime
    level: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """One text (a Reply as JSON) and the chats it is for, each with the instant before which it must not be sent."""

    reply: str
    to: Sequence[tuple[str, str, dt.datetime | None]]  # platform, chat, not before


class Key(NamedTuple):
    """What names a row of the queue: a chat is told each news once."""

    news: int
    platform: str
    chat: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that its owner may send now; `chat` is the chat as it stands, with the defaults where it is no chat."""

    id: Key
    news: str
    push: Push
    level: int
    body: int
    reply: str
    chat: Chat
    attempts: int
    maybe: int


@dataclass(frozen=True, slots=True)
class Queue:
    """How one platform's messages fare; `oldest` is when the oldest news still waiting was queued."""

    platform: str
    waiting: int
    in_flight: int
    sent: int
    dead: int
    maybe: int
    oldest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What will not be sent any more, and why."""

    news: str
    platform: str
    chat: str
    reason: str
    at: dt.datetime


def unwanted(chat: Chat, push: Push, known: bool, now: dt.datetime) -> str:
    """Why a chat is not told this kind of message now, "" where it is."""
    if not known:
        return "the chat was forgotten"
    if chat.silenced:
        return f"the chat takes nothing: {chat.silenced}"
    if chat.muted_until is not None and chat.muted_until > now:
        return "the chat is muted"
    if not chat.wants("weekly" if push == "admin" else push):
        return f"the chat switched {push} messages off"
    if not (chat.indices or chat.watches):
        return "the chat left"
    return ""


def checksum(reply: str) -> str:
    """SHA-256 of a text, as 64 hex digits."""
    return hashlib.sha256(reply.encode()).hexdigest()


def stamp(instant: dt.datetime) -> int:
    """An instant as it is stored: milliseconds since 1970, a fifth of what text takes in every row and index."""
    return (instant - _EPOCH) // _MILLISECOND


def instant(stamp: int) -> dt.datetime:
    """A stored instant, in UTC."""
    return _EPOCH + stamp * _MILLISECOND
