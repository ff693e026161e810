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

Kind = Literal[
    "index", "scope", "token", "subject", "mode", "number", "dollars", "word", "command", "setting", "whose", "text"
]


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
    `message` is the platform's name of the message, the same when it is edited; `from_bot`: a program wrote it.
    `typing` names what somebody is about to type, for which several things are shown at once: they count as one.
    `manages` is another chat that this person is an admin of, as the platform saw, since the text names it: see
    `bot.elsewhere`.
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
    message: str = ""
    from_bot: bool = False
    typing: str = ""
    manages: str = ""

    @property
    def person(self) -> Person:
        """Who asks, and where; nobody by name where an admin speaks for the chat."""
        return Person(self.platform, self.chat, "" if self.anonymous else self.user)

    @property
    def is_personal(self) -> bool:
        """Whether only the person who asks reads the answer: a private chat, or the operator's own terminal."""
        return self.place in ("private", "console")

    @property
    def may_choose(self) -> bool:
        """Whether they may change what this chat is told: its admins may, and everybody where they are alone."""
        return self.is_personal or self.who >= Who.CHAT_ADMIN

    @property
    def who(self) -> Who:
        if self.is_bot_admin and not self.anonymous:
            return Who.BOT_ADMIN
        return Who.CHAT_ADMIN if self.is_chat_admin else Who.MEMBER


@dataclass(frozen=True, slots=True)
class Arguments:
    """The words of a request after they were understood; `mode` is the chat's where none was asked for, and `index`
    None where all of them are meant, or, without `scope_asked`, none was named. `choice` is of a closed list."""

    mode: str
    mode_asked: bool = False
    index: IndexInfo | None = None
    scope_asked: bool = False
    choice: str = ""
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
    """One command; `example` is a whole message that works, `menu` puts it on the platforms' short menus, `about` says
    whether it speaks of the market and its record, or of chats, their people and the bot itself. One for members that
    `weighs_rights` does more for admins.

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
    about: Literal["market", "chat"] = "market"
    weighs_rights: bool = False

    @property
    def needs_rights(self) -> bool:
        """Whether it depends on who asks: a platform then looks their rights up now, whatever it remembers."""
        return self.weighs_rights or self.who > Who.MEMBER

    @property
    def usage(self) -> str:
        """`/why TOKEN-OR-INDEX [INDEX]`."""
        words = [p.name.upper() if p.required else f"[{p.name.upper()}]" for p in self.params]
        return " ".join([f"/{self.name}", *words])
