"""/start: the first minute; three sentences, four choices, and what a link to the bot leads to."""

from __future__ import annotations

from dataclasses import replace

from bot import texts
from bot.arguments import KINDS, Misunderstood, NoSuchIndex
from bot.book import IndexInfo
from bot.choosing import chat_here, choosing
from bot.command import Arguments, Command, Param, Request
from bot.commands import index as index_command, token as token_command
from bot.desk import Desk
from bot.reply import Button, Reply
from bot.subscribing import adding, current, follow, followed, muted_line
from storage.chats import Chat

FOLLOWS, SHOWS, TOKEN = "s_", "i_", "t_"  # what a link's word begins with: subscribe, show an index, show a token


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    word = arguments.text
    if word.casefold() in texts.CHOICES:
        return choosing(request, desk, lambda: _choose(request, desk, word.casefold()))
    return _linked(request, desk, word) if word else welcome(request)


def welcome(request: Request, said: str = "") -> Reply:
    """What the bot does, that it never asks for keys or money, and four choices."""
    return Reply(
        title="Crier",
        text=(*((said,) if said else ()), *texts.START),
        buttons=(*(Button(label, f"/start {name}") for name, label in texts.CHOICES.items()), *adding(request)),
    )


def _choose(request: Request, desk: Desk, choice: str) -> Reply:
    """Set the kinds of messages, and follow every index where none is followed yet."""
    chat = chat_here(request, desk)
    desk.choose(replace(_told(chat, choice), indices=chat.indices or tuple(info.id for info in desk.indices())))
    chat = desk.chat(request.person)
    said = f"{texts.CHOSEN[choice]} {muted_line(desk, chat)}".strip()
    return current(request, desk, followed(desk, chat), said)


def _told(chat: Chat, choice: str) -> Chat:
    danger, watched = choice != "week", choice == "everything"
    return replace(chat, weekly=True, danger=danger, watched=watched, plain=chat.plain or choice == "new")


def _linked(request: Request, desk: Desk, word: str) -> Reply:
    """What a link leads to: `s_defi` subscribes, `defi` or `i_defi` shows an index, `aave` or `t_aave` a token."""
    if word.startswith(FOLLOWS) and (wanted := _index(desk, word.removeprefix(FOLLOWS))):
        infos = [wanted]
        return choosing(request, desk, lambda: follow(request, desk, infos))
    if not word.startswith(TOKEN) and (info := _index(desk, word.removeprefix(SHOWS))):
        shown = index_command.run(request, desk, Arguments(request.mode, index=info))
        return replace(shown, buttons=(*shown.buttons, Button("Subscribe", f"/subscribe {info.id}")))
    try:
        asked = KINDS["token"].understand(desk, Arguments(request.mode), "token", word.removeprefix(TOKEN))
        return token_command.run(request, desk, asked)
    except Misunderstood as error:
        return replace(welcome(request, texts.UNKNOWN_START), buttons=(*error.buttons, *welcome(request).buttons))


def _index(desk: Desk, word: str) -> IndexInfo | None:
    try:
        return KINDS["index"].understand(desk, Arguments(""), "start", word).index
    except NoSuchIndex:
        return None


COMMAND = Command(
    name="start",
    help="What this bot does, and what it may tell this chat",
    run=run,
    example="/start",
    params=(Param("link", "the word of a link, like aave or s_defi", "text"),),
    menu=False,
    about="chat",
    weighs_rights=True,
)
