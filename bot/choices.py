"""The settings of a chat: one entry each, with its value in words, how it is changed, and what its buttons offer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.book import Book
from bot.command import Request
from bot.phrases import clipped, instant, listed, zone_name
from bot.zones import COMMON, find_zone, zone
from engine.errors import BadRequest
from storage.audit import Identity as Person
from storage.chats import Chat

ON, OFF = "on", "off"
YES = {"on": True, "yes": True, "off": False, "no": False}
HOURS = re.compile(r"(\d{1,2})(?::(\d\d))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d\d))?(?:\s+(\S.*))?", re.ASCII)
NUMBER = re.compile(r"\d{1,3}", re.ASCII)
MUTE_DAYS, MOST_DAYS = 7, 90
STRENGTHS = (0, 25, 50, 75)
ROLE = re.compile(r"<?@?&?(\d{5,25})>?", re.ASCII)  # a number, or a mention of one as Discord writes it


@dataclass(frozen=True, slots=True)
class Asked:
    """What a change may look at: who asks, the book, and the chat as it is."""

    request: Request
    book: Book
    chat: Chat


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `offers` are (label, value), and one that is `done_by_name` is changed without a value.

    `change` raises BadRequest with what a value looks like. `panel` is the setting whose buttons are shown
    afterwards, "" for all of them.
    """

    said: Callable[[Chat, Book], str]
    change: Callable[[Asked, str], Chat]
    offers: Callable[[Asked], Sequence[tuple[str, str]]] = lambda asked: ()
    panel: str = ""
    done_by_name: bool = False


def _switch(field: str, panel: str = "", yes: str = ON, no: str = OFF) -> Setting:
    """A setting with two values."""
    known = YES | {yes: True, no: False}

    def change(asked: Asked, value: str) -> Chat:
        if value.casefold() not in known:
            raise BadRequest(f"“{clipped(value)}” is neither {yes} nor {no}.")
        return _turned(asked.chat, field, known[value.casefold()])

    def said(chat: Chat, book: Book) -> str:
        return yes if getattr(chat, field) else no

    def offers(asked: Asked) -> Sequence[tuple[str, str]]:
        other = no if getattr(asked.chat, field) else yes
        return ((f"Now {said(asked.chat, asked.book)}: make it {other}", other),)

    return Setting(said, change, offers, panel)


def _turned(chat: Chat, field: str, value: bool) -> Chat:
    values: dict[str, Any] = {field: value}
    return replace(chat, **values)


def _indices_said(chat: Chat, book: Book) -> str:
    titles = {info.id: info.title for info in book.indices()}
    return ", ".join(titles[index] for index in chat.indices if index in titles) or "none"


def _indices_change(asked: Asked, value: str) -> Chat:
    """Add an index or take it off again; `all` and `none` at once."""
    ids = [info.id for info in asked.book.indices()]
    titles = {info.title.casefold(): info.id for info in asked.book.indices()}
    wanted = titles.get(value.casefold(), value.casefold())
    if wanted in ("all", "none"):
        return replace(asked.chat, indices=tuple(ids) if wanted == "all" else ())
    if wanted not in ids:
        raise BadRequest(f"There is no index called “{clipped(value)}”: there are {listed([*ids, 'all', 'none'])}.")
    followed = set(asked.chat.indices) ^ {wanted}
    return replace(asked.chat, indices=tuple(index for index in ids if index in followed))


def _indices_offers(asked: Asked) -> Sequence[tuple[str, str]]:
    each = [(f"{i.title}: {ON if i.id in asked.chat.indices else OFF}", i.id) for i in asked.book.indices()]
    return [*each, ("All", "all"), ("None", "none")]


def _kinds_said(chat: Chat, book: Book) -> str:
    kinds = {"weekly": "weekly", "danger": "danger", "watched": "watched tokens"}
    return ", ".join(word for kind, word in kinds.items() if getattr(chat, kind)) or "nothing"


def _least_said(chat: Chat, book: Book) -> str:
    """What still comes: `weekly, short`."""
    return f"{_kinds_said(chat, book)}, {'short' if chat.short else 'full'}"


def _quiet_said(chat: Chat, book: Book) -> str:
    if chat.quiet_from is None or chat.quiet_until is None:
        return OFF
    return f"{_clock(chat.quiet_from)} to {_clock(chat.quiet_until)} ({zone_name(zone(chat.time_zone))})"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _quiet_change(asked: Asked, value: str) -> Chat:
    """`22:00-07:00`, `22-7 Europe/Berlin`, `off`."""
    if value.casefold() == OFF:
        return replace(asked.chat, quiet_from=None, quiet_until=None)
    found = HOURS.fullmatch(value)
    start, end = (_minutes(found[1], found[2]), _minutes(found[3], found[4])) if found else (None, None)
    if found is None or start is None or end is None or start == end:
        raise BadRequest(f"“{clipped(value)}” are no quiet hours: write them like 22:00-07:00 Europe/Berlin, or off.")
    zoned = find_zone(found[5]) if found[5] else asked.chat.time_zone
    return replace(asked.chat, quiet_from=start, quiet_until=end, time_zone=zoned)


def _minutes(hours: str, minutes: str | None) -> int | None:
    """Minutes after midnight; None for no time of day. 24:00 is midnight."""
    after = int(hours) * 60 + int(minutes or 0)
    return after % 1440 if int(minutes or 0) < 60 and after <= 1440 else None


def _strength_change(asked: Asked, value: str) -> Chat:
    if not NUMBER.fullmatch(value) or int(value) > 100:
        raise BadRequest(f"“{clipped(value)}” is no strength: write a whole number from 0 to 100.")
    return replace(asked.chat, minimum=int(value))


def muted_said(chat: Chat, book: Book) -> str:
    """`until Tue 14 Jun 2022, 11:00 Berlin`, or off."""
    muted = chat.muted_until
    return f"until {instant(muted, zone(chat.time_zone))}" if muted and muted > book.now() else OFF


def _mute_change(asked: Asked, value: str) -> Chat:
    if value.casefold() == OFF:
        return _unmuted(asked, "")
    days = value.casefold().removesuffix(" days").removesuffix(" day").removesuffix("d") or str(MUTE_DAYS)
    if not NUMBER.fullmatch(days) or not 1 <= int(days) <= MOST_DAYS:
        raise BadRequest(f"“{clipped(value)}” is no time to be silent: write a number of days from 1 to {MOST_DAYS}.")
    return replace(asked.chat, muted_until=asked.book.now() + dt.timedelta(days=int(days)))


def _unmuted(asked: Asked, value: str) -> Chat:
    return replace(asked.chat, muted_until=None)


def fewer(asked: Asked, value: str) -> Chat:
    """One step towards fewer and shorter messages; BadRequest where only the short weekly one is left."""
    chat = asked.chat
    for field in ("watched", "danger"):
        if getattr(chat, field):
            return _turned(chat, field, False)
    if not chat.weekly:
        raise BadRequest("No kind of message is left: /settings kinds brings them back.")
    if not chat.short:
        return replace(chat, short=True)
    raise BadRequest("Only one short message a week is left: /settings mute, or /unsubscribe.")


def _topic_change(asked: Asked, value: str) -> Chat:
    where = {"here": asked.request.thread, "none": ""}
    if value.casefold() not in where:
        raise BadRequest(f"“{clipped(value)}” is neither here nor none.")
    if value.casefold() == "here" and not asked.request.thread:
        raise BadRequest("This is no topic of a group: write it in the topic that messages shall be posted in.")
    return replace(asked.chat, thread=where[value.casefold()])


def _role_change(asked: Asked, value: str) -> Chat:
    found = ROLE.fullmatch(value)
    if not found and value.casefold() != "none":
        raise BadRequest(f"“{clipped(value)}” is no role: write its number, mention it, or none.")
    return replace(asked.chat, role=found[1] if found else "")


def _same(asked: Asked, value: str) -> Chat:
    return asked.chat


SETTINGS: Mapping[str, Setting] = {
    "indices": Setting(_indices_said, _indices_change, _indices_offers, "indices"),
    "kinds": Setting(_kinds_said, _same, panel="kinds"),
    "weekly": _switch("weekly", "kinds"),
    "danger": _switch("danger", "kinds"),
    "watched": _switch("watched", "kinds"),
    "mode": Setting(
        lambda chat, book: chat.mode or f"{book.followed(Person(chat.platform, chat.chat, ''))}, this bot's own",
        _same,
        lambda asked: [(name.capitalize(), name) for name in asked.book.modes()],
        "mode",
    ),
    "quiet": Setting(
        _quiet_said,
        _quiet_change,
        lambda asked: [("22:00 to 07:00", "22:00-07:00"), ("23:00 to 08:00", "23:00-08:00"), ("No quiet hours", OFF)],
        "quiet",
    ),
    "urgent": _switch("danger_breaks_quiet", "quiet"),
    "zone": Setting(
        lambda chat, book: zone_name(zone(chat.time_zone)),
        lambda asked, value: replace(asked.chat, time_zone=find_zone(value)),
        lambda asked: [(name, name) for name in COMMON],
    ),
    "strength": Setting(
        lambda chat, book: str(chat.minimum),
        _strength_change,
        lambda asked: [(str(strength), str(strength)) for strength in STRENGTHS],
    ),
    "sound": _switch("silent", yes="silent", no="loud"),
    "length": _switch("short", yes="short", no="full"),
    "plain": _switch("plain"),
    "pulse": _switch("pulse"),
    "topic": Setting(
        lambda chat, book: "a topic" if chat.thread else "none",
        _topic_change,
        lambda asked: [("Here", "here"), ("None", "none")],
    ),
    "role": Setting(lambda chat, book: chat.role or "none", _role_change, lambda asked: [("None", "none")]),
    "mute": Setting(muted_said, _mute_change, done_by_name=True),
    "unmute": Setting(muted_said, _unmuted, done_by_name=True),
    "fewer": Setting(_least_said, fewer, done_by_name=True),
}
KINDS_OF_MESSAGES = ("weekly", "danger", "watched")
