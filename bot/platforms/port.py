"""The port of every chat platform: what it is handed to send, what it says came of it, and how it asks and is run.

A platform is one file or folder here, as a chat command is one file: what arrives becomes a `Request`, what the bot
answers is a `Reply`, and markup, limits and buttons are the platform's own affair. Nothing else imports its library.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.command import Request
from bot.reply import Reply
from engine.errors import CrierError

Answer = Callable[[Request], Awaitable[Reply]]  # what a platform asks for every message; never raises


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: a chat by the platform's own name for it, and a topic in it ("" for none)."""

    chat: str
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to send: `key` is the same at every attempt, `silent` makes no sound, `role` may be pinged."""

    key: str
    to: Address
    reply: Reply
    silent: bool = False
    role: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform acknowledged: its own name of the message; `note` is for this chat's admins, told once."""

    message: str
    note: str = ""


class Undelivered(CrierError):
    """A message did not surely arrive; each kind below says what must be done about it. The text is for people."""


class ChatClosed(Undelivered):
    """The chat will take nothing any more (blocked, removed, deactivated, gone): silence it, with this reason."""


class ChatMoved(Undelivered):
    """The chat has another name now: follow it and send there."""

    def __init__(self, message: str, chat: str) -> None:
        super().__init__(message)
        self.chat = chat


class SlowDown(Undelivered):
    """Nothing was sent, and nothing may be for `seconds`; `everywhere` or in this chat alone."""

    def __init__(self, message: str, seconds: float, everywhere: bool = True) -> None:
        super().__init__(message)
        self.seconds = seconds
        self.everywhere = everywhere


class NotSent(Undelivered):
    """Surely not sent, and another attempt may well succeed (no connection, a server's 5xx)."""


class MaybeSent(Undelivered):
    """Nobody knows whether it was sent (a timeout, an answer that cannot be read)."""


class Refused(Undelivered):
    """This message will never be taken as it is, whoever else takes theirs: a dead letter."""


class LockedOut(Undelivered):
    """The token no longer counts: send nothing more on this platform, keep the queue, tell the operator elsewhere."""


class Platform(Protocol):
    """One chat service."""

    @property
    def id(self) -> str:
        """`telegram`, `discord`: the platform of its requests and its chats."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether the service is reached now; it may be lost, and found again, while `run` goes on."""
        ...

    async def run(self, ready: Callable[[], None]) -> None:
        """Connect, call `ready`, and take messages until cancelled; an error that is not its own to mend is raised."""
        ...

    async def send(self, parcel: Parcel) -> Receipt:
        """Send one message whole; raises `Undelivered`, and nothing else, where that failed."""
        ...
