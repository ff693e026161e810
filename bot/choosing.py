"""Who may change what a chat is told, and what a changed chat is stored as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot import texts
from bot.command import Request
from bot.desk import Deed, Desk
from bot.phrases import clipped
from bot.reply import Button, Reply
from storage.chats import Chat

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
    """The chat of a request with its choices, as it is called and stands today; whoever writes is silenced no more."""
    chat = desk.chat(request.person)
    return replace(
        chat,
        place=request.place,
        title=clipped(request.title, LONGEST_TITLE) or chat.title,
        thread=request.thread or chat.thread,
        silenced="",
        silenced_at=None,
    )
