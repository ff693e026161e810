"""The regular messages beside the weekly one: one entry each, with the days that call for it and how it is composed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from bot.book import Book
from bot.monthly import Month, report
from bot.reply import Reply
from bot.scheduler import month_told
from storage.chats import Chat
from storage.outbox import Push


@dataclass(frozen=True, slots=True)
class Periodical:
    """One regular message. `about` says what a day calls it for (the month 2026-11), None on other days; `compose` is
    handed a chat, its mode and that day, and returns None where there is nothing to say to it."""

    name: str
    push: Push
    about: Callable[[dt.date], str | None]
    compose: Callable[[Book, Chat, str, dt.date], Reply | None]


def _month(book: Book, chat: Chat, mode: str, date: dt.date) -> Reply | None:
    """The month before the one of `date`."""
    return report(book, chat.indices, mode, Month((date.replace(day=1) - dt.timedelta(days=1)).replace(day=1)))


PERIODICALS: tuple[Periodical, ...] = (Periodical("month", "monthly", month_told, _month),)
