"""Stores what one instant added to a ledger and composes what is cried of it, in the transaction of the job."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.announce import announce, method_notice
from bot.brief import Brief, brief
from bot.cries import answers, close_day
from bot.digest import Issue, Item
from bot.foresight import note_eve
from bot.phrases import DAYS, day as said_day, short_head
from bot.posting import Posting
from bot.reply import Reply
from bot.shelf import DatabaseBook, store_skills
from bot.skill import skills_of
from engine.comparators import COMPARATORS
from engine.method import stamp
from engine.model import Decision, Ledger, WeekSignals
from engine.modes import modes
from engine.panel import Panel
from engine.themes import themes
from engine.week import DayResult, WeekResult
from storage.database import Database

METHOD = "method"  # kind of journal entry and notice


@dataclass(frozen=True, slots=True)
class Announced:
    """What is cried for one index in one mode, whole and in brief."""

    index: str
    mode: str
    reply: Reply
    brief: Brief


@dataclass(frozen=True, slots=True)
class Day:
    """What was stored for one instant, and what is cried of it."""

    result: DayResult
    notices: tuple[Reply, ...]
    announced: tuple[Announced, ...]


def tracks() -> list[tuple[str, str]]:
    """Every (index, mode) that is decided, the comparators among them."""
    return [(index, mode) for index in themes() for mode in (*modes(), *COMPARATORS)]


def newest(database: Database, ledger: Ledger) -> dict[tuple[str, str], Decision]:
    """{(index, mode): its newest decision} of a ledger."""
    found = {track: database.decisions.latest(ledger, *track) for track in tracks()}
    return {track: stored.decision for track, stored in found.items() if stored}


def store(
    database: Database,
    ledger: Ledger,
    panel: Panel,
    signals: WeekSignals,
    day: DayResult,
    week: WeekResult | None = None,
    post: Posting | None = None,
) -> Day:
    """Keep what one instant added, and compose what is cried of it; a change of the rules is told before.

    Live, what was cried on the day that has closed is answered by it, and the watch is left what it reads the next
    close with.
    """
    if ledger == "live":
        close_day(database, panel, signals.market, day.decisions)
        note_eve(database, panel, signals.market, _instant(day.date))
    notices = _tell_of_method(database, ledger, day.date, post) if day.decisions else ()
    for settlement in day.settlements:
        database.decisions.settle(ledger, settlement)
    first = week is not None and database.signals.at(ledger, day.date) is None
    if week is not None and first:
        database.signals.add(ledger, week.signals)
    for decision in day.decisions:
        database.decisions.add(ledger, decision)
    if week is not None or day.settlements or day.decisions:
        for (index, mode), points in day.levels.items():
            database.decisions.put_levels(ledger, index, mode, points)
    if week is not None and first and _leads(database, ledger, day.date):
        database.signals.put_predictions(week.predictions)
        store_skills(database, skills_of(week.predictions, database.signals.dates("live")))
    announced = _announce(database, ledger, day.decisions)
    if post is not None and ledger == "live" and week is None:
        items = tuple(Item(a.index, a.mode, a.reply, a.brief) for a in announced)
        head = short_head(database.journal.head(ledger) or "")
        told = answers(database, day.date - dt.timedelta(days=1), day.date)
        name = f"{DAYS[day.date.weekday()]} {said_day(day.date)}"
        post.day(database, ledger, day.date, Issue(name, head, items, answers=told))
    return Day(day, notices, announced)


def _leads(database: Database, ledger: Ledger, date: dt.date) -> bool:
    """Whether a week adds to the record. One replayed behind the live ones does not: it would rewrite what was said
    live, by which later weeks are decided, and set the scoreboard back to its own day."""
    return ledger == "live" or date > max(database.signals.dates("live"), default=dt.date.min)


def _instant(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), dt.UTC)


def _tell_of_method(database: Database, ledger: Ledger, as_of: dt.date, post: Posting | None) -> tuple[Reply, ...]:
    """Journal and announce that the rules changed since the newest decision; nothing where they did not."""
    dated = [(decision.date, decision.method) for decision in newest(database, ledger).values()]
    old = max(dated)[1] if dated else stamp()
    if old == stamp():
        return ()
    database.journal.append(ledger, METHOD, as_of, {"from": old, "to": stamp(), "method": stamp()})
    reply = method_notice(old, stamp())
    notice = database.notices.add(ledger, as_of, "", METHOD, reply.to_json())
    if post is not None and ledger == "live":
        post.notice(database, notice)
    return (reply,)


def _announce(database: Database, ledger: Ledger, decisions: Sequence[Decision]) -> tuple[Announced, ...]:
    """Compose and store one announcement an index and mode, the journal's head in each."""
    replies = []
    for decision in decisions:
        if decision.mode in COMPARATORS:
            continue
        book, key = DatabaseBook(database, _instant(decision.date), ledger), (decision.index, decision.mode)
        reply = announce(book, *key)
        database.decisions.put_announcement(ledger, decision, reply.to_json())
        replies.append(Announced(*key, reply, brief(book, *key)))
    return tuple(replies)
