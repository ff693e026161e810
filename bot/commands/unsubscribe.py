"""/unsubscribe: lets this chat follow an index, or all of them, no longer."""

from __future__ import annotations

from bot import texts
from bot.choosing import choosing
from bot.command import Arguments, Command, Param, Request
from bot.desk import Desk
from bot.reply import Button, Reply
from bot.subscribing import SETTINGS, followed, leave


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    mine = followed(desk, desk.chat(request.person))
    if not arguments.scope_asked and len(mine) > 1:
        each = tuple(Button(info.title, f"/unsubscribe {info.id}") for info in mine)
        every = Button("All of them", "/unsubscribe all")
        return Reply(title="Unsubscribe", text=(texts.WHICH_TO_LEAVE,), buttons=(*each, every, SETTINGS), panel=True)
    if not mine:
        return Reply(title="Unsubscribe", text=(texts.FOLLOWS_NONE,), buttons=(SETTINGS,))
    infos = [arguments.index] if arguments.index else mine
    return choosing(request, desk, lambda: leave(request, desk, infos))


COMMAND = Command(
    name="unsubscribe",
    help="Let this chat follow an index, or all, no longer",
    run=run,
    example="/unsubscribe defi",
    params=(Param("index", "an index, or all", "scope"),),
    menu=False,
    about="chat",
    weighs_rights=True,
)
