"""Lets a person choose for a chat from another one: a word `in:CHAT` in the text names it, on every button again.

A channel has nobody to talk to, and a group need not watch its admins press buttons. The platform asks `named`, looks
up whether that person is an admin there, and only then sets `Request.manages`; here that is held against the text.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot import texts
from bot.arguments import BUTTON_BYTES
from bot.command import Request
from bot.desk import Desk
from bot.reply import Button, Reply
from engine.errors import BadRequest

NAMED = re.compile(r"(?:^|\s)in:(-?\d{3,25})(?=\s|$)", re.ASCII)  # a number, as platforms call their chats


def named(text: str) -> str:
    """The chat that a text names, "" where it names none."""
    found = NAMED.search(text)
    return found[1] if found else ""


def taken_there(request: Request, desk: Desk) -> Request:
    """The request as it stands in the chat that it names; BadRequest where the platform saw no admin of that chat."""
    there = named(request.text)
    if not there:
        return request
    if request.manages != there or request.place != "private" or request.anonymous:
        raise BadRequest(texts.NOT_THEIR_ADMIN)
    chat = desk.chat(request.person._replace(chat=there))
    return replace(
        request,
        text=NAMED.sub(" ", request.text).strip(),
        chat=there,
        place=chat.place if chat.place in ("group", "channel") else "group",
        title=chat.title,
        thread="",
        is_chat_admin=True,
        manages="",
    )


def brought_back(reply: Reply, there: str) -> Reply:
    """A reply whose buttons name the chat again; one that would grow too long for a chat service is left out."""
    if not there:
        return reply
    longer = (replace(b, command=f"{b.command} in:{there}") if b.command else b for b in reply.buttons)
    return replace(reply, buttons=tuple(button for button in longer if _fits(button)))


def _fits(button: Button) -> bool:
    return len(button.command.encode()) <= BUTTON_BYTES
