"""Queues a live week for its chats: what stands announced of it, once all that a chat follows is done with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from bot.book import IndexInfo
from bot.brief import Brief, brief, turns
from bot.cries import answers
from bot.digest import Issue, Item
from bot.drawings import levels_chart
from bot.monthly import look_back, month_before
from bot.phrases import short_head
from bot.posting import Posting
from bot.reply import Reply
from bot.shelf import DatabaseBook
from engine.model import Alert, Ledger, iso_week
from engine.modes import modes
from engine.themes import themes
from storage.database import Database

LIVE: Ledger = "live"
NO_CHANGE = "no change"  # kind of notice: an index that is given up for a week


def tell_week(
    database: Database, monday: dt.date, done: Collection[str], alerts: Sequence[Alert], post: Posting
) -> None:
    """Queue the week of `monday` for every chat whose indices are all `done` (decided in this run or before, or given
    up), and tell admins what they must hear."""
    instant = dt.datetime.combine(monday, dt.time(), dt.UTC)
    book, week = DatabaseBook(database, instant, LIVE), iso_week(monday)
    head, awaited = short_head(database.journal.head(LIVE) or ""), frozenset(themes().keys() - set(done))
    items = list(_given_up(database, monday, head))
    for info in book.indices():
        for mode in modes():
            told = database.decisions.announcement(LIVE, info.id, mode, week)
            if info.id not in done or told is None:
                continue
            first = _is_first(database, info, mode, monday)
            month = look_back(book, info, mode, month_before(monday)) if first else None
            reply, few, chart = Reply.from_json(told.reply), brief(book, info.id, mode), levels_chart(book, info, mode)
            items.append(Item(info.id, mode, reply, few, chart, month))
    name = f"week {monday.isocalendar().week}"
    became = answers(database, monday - dt.timedelta(weeks=1), monday)
    post.week(database, LIVE, week, Issue(name, head, tuple(items), turns(book), awaited, became))
    for alert in alerts:
        post.warn(database, alert.key, alert.text)


def _given_up(database: Database, monday: dt.date, head: str) -> Iterator[Item]:
    """That nothing changes this week in the indices whose prices did not come: a part of the same message."""
    for notice in database.notices.since(LIVE):
        if notice.kind == NO_CHANGE and notice.date == monday:
            reply = replace(Reply.from_json(notice.reply), note=(head,))
            title, said = themes()[notice.index].title, reply.text[0]
            few = Brief(title, (f"{title}: {said[:1].lower()}{said[1:]}",), 0)
            yield from (Item(notice.index, mode, reply, few) for mode in modes())


def _is_first(database: Database, info: IndexInfo, mode: str, monday: dt.date) -> bool:
    """Whether no earlier Monday of its month was decided: the month before was not told yet."""
    earlier = [monday - dt.timedelta(weeks=k) for k in range(1, 5)]
    return not any(
        date.month == monday.month and database.decisions.has_week(LIVE, info.id, mode, iso_week(date))
        for date in earlier
    )
