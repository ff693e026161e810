"""/forget: deletes what is stored of this chat, or of you, once confirmed."""

from __future__ import annotations

from bot.command import Arguments, Command, Param, Request
from bot.desk import Desk
from bot.forgetting import preview
from bot.reply import Reply


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    return preview(request, desk, arguments.choice)


COMMAND = Command(
    name="forget",
    help="Delete what is stored of this chat, or of you",
    run=run,
    example="/forget",
    params=(Param("whose", "me, or chat", "whose"),),
    menu=False,
    about="chat",
    weighs_rights=True,
)
