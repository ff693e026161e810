"""/subscribe: lets this chat follow an index or all of them, and shows the current card at once."""

from __future__ import annotations

from bot import texts
from bot.choosing import choosing
from bot.command import Arguments, Command, Param, Request
from bot.desk import Desk
from bot.reply import Button, Reply
from bot.subscribing import SETTINGS, adding, follow, followed, titles


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    if not arguments.scope_asked:
        return _which(request, desk)
    infos = [arguments.index] if arguments.index else list(desk.indices())
    return choosing(request, desk, lambda: follow(request, desk, infos))


def _which(request: Request, desk: Desk) -> Reply:
    chat = desk.chat(request.person)
    mine = followed(desk, chat)
    said = texts.STILL.format(indices=titles(mine)) if mine else texts.FOLLOWS_NONE
    left = [info for info in desk.indices() if info.id not in chat.indices]
    each = tuple(Button(info.title, f"/subscribe {info.id}") for info in left)
    every = (Button("All indices", "/subscribe all"),) if left else ()
    return Reply(
        title="Subscribe",
        text=(texts.WHICH_TO_FOLLOW, said),
        buttons=(*each, *every, SETTINGS, *adding(request)),
        panel=True,
    )


COMMAND = Command(
    name="subscribe",
    help="Let this chat follow an index, or all",
    run=run,
    example="/subscribe defi",
    params=(Param("index", "an index, or all", "scope"),),
    menu=False,
    about="chat",
    weighs_rights=True,
)
