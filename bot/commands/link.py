"""/link: joins this chat with one on the other platform; from then on both have one panel of settings and one mode."""

from __future__ import annotations

from bot.choosing import choosing
from bot.command import Arguments, Command, Param, Request, Who
from bot.desk import Desk
from bot.linking import link
from bot.reply import Reply


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    return choosing(request, desk, lambda: link(request, desk, arguments.text))


COMMAND = Command(
    name="link",
    help="Join this chat with one on the other platform: one panel, one mode",
    run=run,
    example="/link",
    params=(Param("code", "the code that /link gave in the other chat", "text"),),
    who=Who.CHAT_ADMIN,
    menu=False,
    about="chat",
)
