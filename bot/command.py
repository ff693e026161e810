"""What a command is: one entry of the one table that dispatch, menus, slash commands and /help are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from bot.book import IndexInfo
from bot.desk import Desk, Person
from bot.reply import Reply
from engine.model import Token
from storage.chats import Place

Kind = Literal["index", "scope", "token", "subject", "mode", "number", "dollars", "word", "command", "text"]


class Who(IntEnum):
    """Who may use a command; each admin may do what those below may."""

    MEMBER = 0
    CHAT_ADMIN = 1
    BOT_ADMIN = 2


ADMINS = {Who.CHAT_ADMIN: "an admin of this chat", Who.BOT_ADMIN: "an admin of this bot"}


@dataclass(frozen=True, slots=True)
class Request:
    """One message to the bot, from any platform; `mode` is one to show it in, "" the one its chat follows: `dispatch`
    looks that up, so that a command always finds the mode that counts.

    `place` says what kind of chat it came from, `title` its name there, `thread` the topic in it. `pressed` is a
    button's command. `anonymous` is an admin who speaks in the chat's own name: one of this chat, never one of the bot.
    """

    text: str
    platform: str
    chat: str
    user: str
    mode: str = ""
    is_chat_admin: bool = False
    is_bot_admin: bool = False
    place: Place = "private"
    title: str = ""
    thread: str = ""
    pressed: bool = False
    anonymous: bool = False

    @property
    def person(self) -> Person:
        return Person(self.platform, self.chat, self.user)

    @property
    def who(self) -> Who:
        if self.is_bot_admin:
            return Who.BOT_ADMIN
        return Who.CHAT_ADMIN if self.is_chat_admin else Who.MEMBER


@dataclass(frozen=True, slots=True)
class Arguments:
    """The words of a request after they were understood; `mode` is the chat's where none was asked for, and `index`
    None where all of them are meant."""

    mode: str
    mode_asked: bool = False
    index: IndexInfo | None = None
    token: Token | None = None
    number: int | None = None
    cents: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a command; `bot.arguments.KINDS` says what its kind accepts, offers and completes."""

    name: str
    help: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `example` is a whole message that works, `menu` puts it on the platforms' short menus.

    Every `run` is handed the desk. One that only reads asks for a `Book` in its signature, which is all but the few
    governance commands: the type checker then keeps it from writing.
    """

    name: str
    help: str
    run: Callable[[Request, Desk, Arguments], Reply]
    example: str
    params: tuple[Param, ...] = ()
    who: Who = Who.MEMBER
    menu: bool = True

    @property
    def usage(self) -> str:
        """`/why TOKEN-OR-INDEX [INDEX]`."""
        words = [p.name.upper() if p.required else f"[{p.name.upper()}]" for p in self.params]
        return " ".join([f"/{self.name}", *words])
