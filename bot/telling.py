"""Queues a live week for its chats: what stands announced of it, once all that a chat follows is done with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from bot.brief import brief, turns
from bot.cries import answers
from bot.digest import Issue, Item
from bot.drawings import levels_chart
from bot.phrases import short_head
from bot.posting import Posting
from bot.reply import Reply
from bot.shelf import DatabaseBook
from engine.model import Alert, Ledger, iso_week
from engine.modes import modes
from engine.themes import themes
from storage.database import Database

LIVE: Ledger = "live"


def tell_week(
    database: Database, monday: dt.date, done: Collection[str], alerts: Sequence[Alert], post: Posting
) -> None:
    """Queue the week of `monday` for every chat whose indices are all `done` (decided in this run or before, or given
    up), and tell admins what they must hear."""
    instant = dt.datetime.combine(monday, dt.time(), dt.UTC)
    book, week = DatabaseBook(database, instant, LIVE), iso_week(monday)
    items = []
    for info in book.indices():
        for mode in modes():
            told = database.decisions.announcement(LIVE, info.id, mode, week)
            if info.id in done and told is not None:
                reply = Reply.from_json(told.reply)
                items.append(Item(info.id, mode, reply, brief(book, info.id, mode), levels_chart(book, info, mode)))
    head, awaited = short_head(database.journal.head(LIVE) or ""), frozenset(themes().keys() - set(done))
    name = f"week {monday.isocalendar().week}"
    became = answers(database, monday - dt.timedelta(weeks=1), monday)
    post.week(database, LIVE, week, Issue(name, head, tuple(items), turns(book), awaited, became))
    for alert in alerts:
        post.warn(database, alert.key, alert.text)
