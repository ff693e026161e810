"""/confirm: does what a preview showed, once, for the very person who asked."""

from __future__ import annotations

from bot.command import Arguments, Command, Param, Request
from bot.confirming import confirm
from bot.desk import Desk
from bot.reply import Reply


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    return confirm(request, desk, arguments.text)


COMMAND = Command(
    name="confirm",
    help="Do what a preview showed",
    run=run,
    example="/confirm K7QX9M2P",
    params=(Param("code", "the code under a preview", "text", required=True),),
    menu=False,
    about="chat",
    weighs_rights=True,
)
