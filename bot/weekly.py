"""The weekly job: reads what is stored, has the engine compute the week, and stores all of it or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.announce import announce
from bot.reply import Reply
from bot.shelf import DatabaseBook, store_skills
from bot.skill import skills_of
from engine.backtest import Progress
from engine.errors import BadRequest
from engine.model import PASSIVE, Alert, Decision, Ledger, Settlement, iso_week
from engine.modes import modes
from engine.panel import build_panel
from engine.record import Record
from engine.themes import themes
from engine.week import Standing, WeekResult, check_monday, compute_week
from storage.database import Database

LIVE_WITHIN = dt.timedelta(hours=24)  # of its instant, or a decision belongs to the replay ledger


@dataclass(frozen=True, slots=True)
class Announced:
    """What is cried for one index in one mode."""

    index: str
    mode: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Week:
    """What a run of the job did: decided (or found decided), with the announcements and what admins must hear."""

    as_of: dt.date
    ledger: Ledger
    already_decided: bool
    head: str | None
    decisions: tuple[Decision, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    announcements: tuple[Announced, ...] = ()
    alerts: tuple[Alert, ...] = ()


def ledger_for(as_of: dt.date, now: dt.datetime, live_sources: bool) -> Ledger:
    """`live` for a decision made within 24 hours of its instant from live sources, else `replay`."""
    instant = dt.datetime.combine(as_of, dt.time(), dt.UTC)
    return "live" if live_sources and instant <= now < instant + LIVE_WITHIN else "replay"


def tracks() -> list[tuple[str, str]]:
    """Every (index, mode) that is decided, the passive twins among them."""
    return [(index, mode) for index in themes() for mode in (*modes(), PASSIVE)]


def run_week(
    database: Database, as_of: dt.date, ledger: Ledger, dry_run: bool = False, progress: Progress | None = None
) -> Week:
    """Decide the week of `as_of` in `ledger` once; a second run finds it decided and changes nothing.

    With `dry_run` everything is computed and nothing stored.
    """
    check_monday(as_of)
    name = iso_week(as_of)
    found = [database.decisions.get(ledger, index, mode, name) for index in themes() for mode in modes()]
    if all(found):
        decided = tuple(stored.decision for stored in found if stored)
        return Week(as_of, ledger, True, database.journal.head(ledger), decided)
    _refuse_the_past(database, ledger, as_of)
    panel = build_panel(database.market, as_of)
    record = Record.from_predictions(database.signals.predictions()).before(as_of)
    result = compute_week(panel, record, _standings(database, ledger, as_of), as_of, progress)
    if dry_run:
        return _outcome(result, as_of, ledger, database.journal.head(ledger), ())
    with database.atomic():
        _store(database, ledger, result)
        head = database.journal.head(ledger)
        replies = _announce(database, ledger, result.decisions)
    return _outcome(result, as_of, ledger, head, replies)


def _refuse_the_past(database: Database, ledger: Ledger, as_of: dt.date) -> None:
    """Decisions of a ledger follow one another: a week before its newest one would begin a second history."""
    newest = [database.decisions.latest(ledger, index, mode) for index, mode in tracks()]
    last = max((stored.decision.date for stored in newest if stored), default=as_of)
    if last > as_of:
        raise BadRequest(f"the {ledger} ledger already reaches {last}: replay earlier weeks in another --database.")


def _standings(database: Database, ledger: Ledger, as_of: dt.date) -> Sequence[Standing]:
    """Where every track stands before `as_of`: its last portfolio, and a decision that still waits for its fill."""
    standings = []
    for index, mode in tracks():
        stored = database.decisions.latest(ledger, index, mode, before=as_of)
        waits = stored is not None and stored.settlement is None
        portfolio = database.decisions.portfolio(ledger, index, mode, before=as_of)
        standings.append(Standing(index, mode, portfolio, stored.decision if stored and waits else None))
    return standings


def _store(database: Database, ledger: Ledger, result: WeekResult) -> None:
    for settlement in result.settlements:
        database.decisions.settle(ledger, settlement)
    database.signals.add(ledger, result.signals)
    for decision in result.decisions:
        database.decisions.add(ledger, decision)
    for (index, mode), points in result.levels.items():
        database.decisions.put_levels(ledger, index, mode, points)
    database.signals.put_predictions(result.predictions)
    store_skills(database, skills_of(result.predictions, database.decisions.live_start()))


def _announce(database: Database, ledger: Ledger, decisions: Sequence[Decision]) -> tuple[Announced, ...]:
    """Compose and store one announcement an index and mode, the journal's head in each."""
    instant = dt.datetime.combine(decisions[0].date, dt.time(), dt.UTC)
    book = DatabaseBook(database, instant, ledger)
    replies = []
    for decision in decisions:
        if decision.mode == PASSIVE:
            continue
        reply = announce(book, decision.index, decision.mode)
        database.decisions.put_announcement(ledger, decision, reply.to_json())
        replies.append(Announced(decision.index, decision.mode, reply))
    return tuple(replies)


def _outcome(
    result: WeekResult, as_of: dt.date, ledger: Ledger, head: str | None, replies: tuple[Announced, ...]
) -> Week:
    return Week(as_of, ledger, False, head, result.decisions, result.settlements, replies, _alerts(result))


def _alerts(result: WeekResult) -> tuple[Alert, ...]:
    """What admins must hear of the cross-check: data points left out, or that nothing could be checked."""
    date = result.signals.date
    if not result.check.checked:
        return (Alert(f"crosscheck/{date}", "admins", "No token had 400 unbroken days: indicators were not checked."),)
    return tuple(
        Alert(
            key=f"crosscheck/{date}/{mismatch.feature}",
            audience="admins",
            text=f"{mismatch.feature} left out this week: our figure and the reference disagree on {mismatch.symbol}.",
        )
        for mismatch in result.check.failed
    )
