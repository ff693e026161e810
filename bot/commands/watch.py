"""/watch: the tokens whose changes this chat is told; a token puts it on the list, or takes it off again."""

from __future__ import annotations

from dataclasses import replace

from bot import texts
from bot.arguments import EXACT, offers
from bot.choosing import chat_here, choosing
from bot.command import Arguments, Command, Param, Request
from bot.desk import Desk
from bot.phrases import signed
from bot.reply import Button, Column, Reply, Table
from bot.screen import loud
from bot.subscribing import SETTINGS
from engine.errors import BadRequest
from engine.model import Token, TokenKind
from storage.chats import Chat

MOST = 25


def run(request: Request, desk: Desk, arguments: Arguments) -> Reply:
    token = arguments.token
    if token is None:
        return _listed(request, desk, desk.chat(request.person))
    return choosing(request, desk, lambda: _toggle(request, desk, token))


def _toggle(request: Request, desk: Desk, token: Token) -> Reply:
    chat = chat_here(request, desk)
    if token.symbol in chat.watches:
        changed = replace(chat, watches=tuple(symbol for symbol in chat.watches if symbol != token.symbol))
        said = texts.NO_LONGER_WATCHED
    else:
        _refuse(chat, token)
        changed, said = replace(chat, watches=(*chat.watches, token.symbol)), texts.NOW_WATCHED
    desk.choose(changed)
    return _listed(request, desk, changed, said.format(symbol=token.symbol))


def _refuse(chat: Chat, token: Token) -> None:
    if token.kind is not TokenKind.COIN:
        raise BadRequest(texts.NOT_WATCHABLE.format(symbol=token.symbol, kind=token.kind.value))
    if len(chat.watches) >= MOST:
        raise BadRequest(texts.TOO_MANY_WATCHES.format(most=MOST))


def _listed(request: Request, desk: Desk, chat: Chat, said: str = "") -> Reply:
    watches = texts.WATCHES_FROM.format(minimum=chat.minimum) if chat.minimum else texts.WATCHES
    about = watches if chat.watches else texts.NO_WATCHES
    off = () if chat.watched or not chat.watches else (texts.WATCHED_IS_OFF,)
    buttons = offers((f"Take {symbol} off", f"/watch {EXACT}{symbol}") for symbol in chat.watches)
    return Reply(
        title=loud("Watched tokens", desk.status()),
        text=(*((said,) if said else ()), about, *off),
        table=_table(request, desk, chat),
        buttons=(*buttons, Button("Strongest tokens", "/signals") if not chat.watches else SETTINGS),
        panel=request.pressed,
    )


def _table(request: Request, desk: Desk, chat: Chat) -> Table | None:
    """Each token with what is said of it this week."""
    if not chat.watches:
        return None
    week = desk.signals()
    said = week.by_symbol() if week else {}
    rows = []
    for symbol in chat.watches:
        signal = said.get(symbol)
        call = desk.call(signal, request.mode).value if signal else "no call"
        strength = signed(signal.conviction) if signal and signal.abstained is None else ""
        rows.append((symbol, call, strength))
    return Table((Column("Token"), Column("Call"), Column("Strength", "right")), tuple(rows))


COMMAND = Command(
    name="watch",
    help="The tokens this chat watches; a token puts it on or takes it off",
    run=run,
    example="/watch aave",
    params=(Param("token", "a token", "token"),),
    about="chat",
    weighs_rights=True,
)
