"""How a chat comes to follow indices and leaves them again, and the current card that it is shown at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import texts
from bot.announce import buttons
from bot.book import IndexInfo, first_comes
from bot.choices import OFF, muted_said
from bot.choosing import chat_here
from bot.command import Request
from bot.desk import Desk
from bot.drawings import levels_chart
from bot.phrases import listed
from bot.reply import ADD_TO_CHANNEL, ADD_TO_GROUP, Button, Reply
from bot.screen import compose, level_line, loud, title, view, week_line
from storage.chats import Chat

SETTINGS = Button("Settings", "/settings")
ADD = (Button("Add to a group", url=ADD_TO_GROUP), Button("Add to a channel", url=ADD_TO_CHANNEL))


def follow(request: Request, desk: Desk, infos: Sequence[IndexInfo]) -> Reply:
    """Let the chat follow these indices beside its others, and show how they stand."""
    chat = chat_here(request, desk)
    wanted = {info.id for info in infos} | set(chat.indices)
    new = [info for info in infos if info.id not in chat.indices]
    desk.choose(replace(chat, indices=tuple(info.id for info in desk.indices() if info.id in wanted)))
    said = texts.SUBSCRIBED if new else texts.ALREADY
    return current(request, desk, infos, said.format(indices=titles(new or infos), comes=_comes(desk, chat)))


def _comes(desk: Desk, chat: Chat) -> str:
    """Whether the weekly message comes, or what this chat chose that keeps it away."""
    return muted_line(desk, chat) or (texts.COMES if chat.weekly else texts.COMES_NOT)


def muted_line(desk: Desk, chat: Chat) -> str:
    """That a mute keeps everything away, and how it ends; "" where none runs."""
    until = muted_said(chat, desk)
    return "" if until == OFF else texts.MUTED.format(until=until)


def leave(request: Request, desk: Desk, infos: Sequence[IndexInfo]) -> Reply:
    """Let the chat follow these indices no longer; one that it does not follow is named."""
    chat = chat_here(request, desk)
    gone = [info for info in infos if info.id in chat.indices]
    if not gone:
        return Reply(text=(_not_followed(desk, chat, infos),), buttons=(SETTINGS,), ok=False)
    left = replace(chat, indices=tuple(index for index in chat.indices if index not in {info.id for info in gone}))
    desk.choose(left)
    rest = followed(desk, left)
    still = texts.STILL.format(indices=titles(rest)) if rest else texts.NOTHING_LEFT
    return Reply(
        title="Unsubscribed",
        text=(texts.UNSUBSCRIBED.format(indices=titles(gone), left=still),),
        buttons=(*(Button(f"Follow {info.title} again", f"/subscribe {info.id}") for info in gone[:1]), SETTINGS),
    )


def current(request: Request, desk: Desk, infos: Sequence[IndexInfo], said: str) -> Reply:
    """How the indices stand under a sentence: one as its whole card with its chart, several at a glance."""
    decided = [info for info in infos if desk.decision(info.id, request.mode)]
    if len(infos) == 1 and decided:
        card = compose(view(desk, infos[0], request.mode), buttons(infos[0].id))
        shown = replace(card, text=(said, *card.text), chart=levels_chart(desk, infos[0], request.mode))
    else:
        shown = _glance(request, desk, decided, said)
    return replace(shown, buttons=(*shown.buttons, SETTINGS, *adding(request)))


def adding(request: Request) -> tuple[Button, ...]:
    """Links that add the bot to a group or a channel, for one who writes in private."""
    return ADD if request.place == "private" else ()


def followed(desk: Desk, chat: Chat) -> list[IndexInfo]:
    """The indices that a chat follows, in the order in which they are offered."""
    return [info for info in desk.indices() if info.id in chat.indices]


def titles(infos: Sequence[IndexInfo]) -> str:
    return listed(info.title for info in infos)


def _glance(request: Request, desk: Desk, decided: Sequence[IndexInfo], said: str) -> Reply:
    views = [view(desk, info, request.mode) for info in decided]
    return Reply(
        title=loud("Subscribed", desk.status()),
        text=(said, *(f"{title(v)}: {level_line(v)} {week_line(v)}" for v in views)),
        after=() if views else (first_comes(desk),),
        buttons=tuple(Button(v.info.title, f"/index {v.info.id}") for v in views),
    )


def _not_followed(desk: Desk, chat: Chat, infos: Sequence[IndexInfo]) -> str:
    rest = followed(desk, chat)
    if not rest:
        return texts.FOLLOWS_NONE
    return texts.NOT_FOLLOWED.format(indices=titles(infos), followed=titles(rest))
