"""Joins a chat on Telegram with one on Discord: a code from one side, written on the other, confirmed on the first."""

from __future__ import annotations

from bot import texts
from bot.choosing import shown_title
from bot.command import Request
from bot.desk import Desk
from bot.platforms.table import PLATFORMS
from bot.reply import Button, Reply
from engine.errors import BadRequest
from storage.chats import Chat
from storage.links import Offer

YES = "yes"
TITLES = {"console": "the console", **{kind.id: kind.title for kind in PLATFORMS.values()}}


def link(request: Request, desk: Desk, words: str) -> Reply:
    """One step of a link: ask for a code, write it on the other side, see who wrote it, confirm."""
    code, _, rest = words.partition(" ")
    if not code:
        return _begin(request, desk)
    offer = desk.link_offer(code)
    if offer is None:
        raise BadRequest(texts.NO_SUCH_LINK)
    if (offer.platform, offer.chat) != (request.platform, request.chat):
        return _answer(request, desk, offer)
    if not offer.is_answered:
        return _waiting(offer.code, texts.LINK_WAITS.format(code=offer.code), pressed=request.pressed)
    return _done(request, desk, offer) if rest.casefold() == YES else _preview(offer)


def unlink(request: Request, desk: Desk) -> Reply:
    """End the link of this chat; both sides keep what they share now."""
    linked = desk.linked(request.person)
    if not linked or not desk.unlink(request.person):
        return Reply(text=(texts.NOT_LINKED,), ok=False)
    return Reply(title="Link ended", text=(texts.UNLINKED.format(others=_named(linked[0])),))


def _begin(request: Request, desk: Desk) -> Reply:
    linked = desk.linked(request.person)
    if linked:
        return Reply(title="Link", text=(texts.LINKED_WITH.format(others=_named(linked[0])),))
    code = desk.offer_link(request.person, shown_title(request.place, request.title))
    return _waiting(code, texts.LINK_BEGUN.format(code=code), texts.LINK_SHARES)


def _waiting(code: str, *said: str, pressed: bool = False) -> Reply:
    button = Button("I wrote it there", f"/link {code}")
    return Reply(title="Link two chats", text=(*said, texts.LINK_NEXT), buttons=(button,), panel=pressed)


def _answer(request: Request, desk: Desk, offer: Offer) -> Reply:
    if offer.platform == request.platform:
        raise BadRequest(texts.SAME_PLATFORM.format(platform=TITLES[offer.platform]))
    if desk.linked(request.person):
        raise BadRequest(texts.LINKED_ALREADY)
    if not desk.answer_link(request.person, offer, shown_title(request.place, request.title)):
        raise BadRequest(texts.LINK_TAKEN)
    there = _called(offer.platform, offer.title)
    return Reply(title="Half done", text=(texts.LINK_ANSWERED.format(there=there),))


def _preview(offer: Offer) -> Reply:
    other = _called(offer.other_platform, offer.other_title)
    return Reply(
        title="Link them? Nothing is done yet",
        text=(texts.LINK_PREVIEW.format(other=other),),
        buttons=(Button("Link them", f"/link {offer.code} {YES}"),),
        panel=True,
    )


def _done(request: Request, desk: Desk, offer: Offer) -> Reply:
    desk.join_link(offer)
    other = _called(offer.other_platform, offer.other_title)
    return Reply(title="Linked", text=(texts.LINKED_NOW.format(other=other),), panel=request.pressed)


def _named(chat: Chat) -> str:
    return _called(chat.platform, chat.title)


def _called(platform: str, title: str) -> str:
    """`“DeFi club #general” on Discord`."""
    return f"“{title}” on {TITLES[platform]}" if title else f"a private chat on {TITLES[platform]}"
