"""/unlink: ends the link of this chat; each side keeps its settings as they are."""

from __future__ import annotations

from bot.choosing import choosing
from bot.command import Arguments, Command, Request, Who
from bot.desk import Desk
from bot.linking import unlink
from bot.reply import Reply


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    return choosing(request, desk, lambda: unlink(request, desk))


COMMAND = Command(
    name="unlink",
    help="End the link with the chat on the other platform",
    run=run,
    example="/unlink",
    who=Who.CHAT_ADMIN,
    menu=False,
    about="chat",
)
