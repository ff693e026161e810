"""Who may change what a chat is told, and what a changed chat is stored as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot import texts
from bot.command import Request
from bot.desk import Deed, Desk
from bot.phrases import clipped
from bot.reply import Button, Reply
from storage.chats import Chat, Place

LONGEST_TITLE = 60
LONGEST_WORDS = 200  # of a command that waits for a confirmation


def choosing(request: Request, desk: Desk, act: Callable[[], Reply]) -> Reply:
    """Do what only those may who choose for this chat; others are told so in private, and nothing is changed.

    An admin who speaks in the chat's own name is anybody's guess, so one of its admins confirms the very words, once.
    """
    if not request.may_choose:
        return Reply(text=(texts.ADMINS_CHOOSE,), ok=False, private=True)
    if not request.anonymous:
        return act()
    words = clipped(request.text, LONGEST_WORDS)
    confirm = f"/confirm {desk.keep(request.person, Deed('command', reason=words))}"
    return Reply(
        title=f"{clipped(words, LONGEST_TITLE)}? Nothing is done yet",
        text=(texts.IN_CHATS_NAME.format(command=confirm),),
        buttons=(Button("Confirm", confirm),),
    )


def chat_here(request: Request, desk: Desk) -> Chat:
    """The chat of a request with its choices, as it is called and stands today; whoever writes is silenced no more.

    Its messages come to the topic where it first chose something; `/settings topic here` moves them.
    """
    chat = desk.chat(request.person)
    return replace(
        chat,
        place=request.place,
        title=shown_title(request.place, request.title) or chat.title,
        thread=chat.thread or ("" if chat.indices or chat.watches else request.thread),
        silenced="",
        silenced_at=None,
    )


def shown_title(place: Place, title: str) -> str:
    """What a chat is called; a private one would be called by its person's name, which is not kept."""
    return "" if place == "private" else clipped(title, LONGEST_TITLE)
