"""The weekly job: reads what is stored, has the engine compute the week, and stores all of it or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from bot.announce import no_change
from bot.posting import AGES, Posting
from bot.reply import Reply
from bot.shelf import SIGNALS_SERVE, standing_orders
from bot.telling import NO_CHANGE, tell_week
from bot.weekly_store import Announced, Day, newest, store, tracks
from engine.crosscheck import Compare, find_mismatches, find_mismatches_apart
from engine.errors import BadRequest
from engine.model import Alert, Decision, Ledger, Settlement, iso_week
from engine.modes import modes
from engine.panel import Panel, build_panel
from engine.readiness import Readiness, readiness
from engine.record import Record
from engine.scale import Progress
from engine.themes import themes
from engine.week import Standing, WeekResult, check_eve, check_monday, compute_day, compute_week
from storage.database import Database

MONDAY_ENDED = "No change this week: its Monday ended before fresh prices were known. Holdings stay as they are."
LIVE_WITHIN = dt.timedelta(hours=24)  # of its instant, or a decision belongs to the replay ledger


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
    notices: tuple[Reply, ...] = ()
    waiting: tuple[Readiness, ...] = ()  # indices that lack fresh prices, and are to be tried again


def ledger_for(as_of: dt.date, now: dt.datetime, live_sources: bool) -> Ledger:
    """`live` for a decision made within 24 hours of its instant from live sources, else `replay`."""
    instant = dt.datetime.combine(as_of, dt.time(), dt.UTC)
    return "live" if live_sources and instant <= now < instant + LIVE_WITHIN else "replay"


def run_week(
    database: Database,
    as_of: dt.date,
    ledger: Ledger,
    dry_run: bool = False,
    progress: Progress | None = None,
    compare: Compare = find_mismatches,
    now: dt.datetime | None = None,
    post: Posting | None = None,
) -> Week:
    """Decide the week of `as_of` in `ledger` once; a second run finds it decided and changes nothing.

    In the replay ledger the days since the last decision are walked first, as the daily job would have: live, no day is
    made up for later. With `dry_run` everything is computed and nothing stored; with `post` a live week is queued for
    its chats in the transaction that stores it. Where `now` is given an index below
    95 % of its capitalisation with fresh candles waits (`Week.waiting`; `engine.readiness.next_try` says until when),
    and from 12:00 UTC on it is given up for the week, with a notice that says why. A later run decides those that
    waited, from what is known then; the signals in the journal stay those of the first run.
    """
    check_monday(as_of)
    if is_decided(database, ledger, as_of):
        name = iso_week(as_of)
        found = [database.decisions.get(ledger, index, mode, name) for index in themes() for mode in modes()]
        decided = tuple(stored.decision for stored in found if stored)
        return Week(as_of, ledger, True, database.journal.head(ledger), decided)
    _refuse_the_past(database, ledger, as_of)
    panel = build_panel(database.market, as_of)
    looked = _looked(database, ledger, panel, now)
    open_ = {ready.index for ready in looked if ready.state == "ready"}
    days: list[Day] = []
    alerts: tuple[Alert, ...] = ()

    def compute() -> WeekResult:
        record = Record.from_predictions(database.signals.predictions()).before(as_of)
        standings = [s for s in _standings(database, ledger, as_of) if s.index in open_]
        orders = standing_orders(database, ledger)
        return compute_week(panel, record, standings, as_of, progress, orders, compare)

    # Live there is nothing to catch up with, and chats write while the fit runs: the pen is taken when it is done.
    computed = compute() if open_ and ledger == "live" else None
    with _kept_unless(dry_run, database):
        notices = _give_up(database, ledger, as_of, [ready for ready in looked if ready.state == "given up"])
        if open_:
            days = _catch_up(database, ledger, panel)
            result = computed or compute()
            days.append(store(database, ledger, panel, result.signals, result.day, result, post))
            alerts = _alerts(result)
        if post is not None and ledger == "live":
            tell_week(database, as_of, _done(database, ledger, as_of), alerts, post)
    week = _outcome(as_of, ledger, database.journal.head(ledger), days, alerts)
    waiting = tuple(ready for ready in looked if ready.state == "waits")
    return replace(week, notices=(*week.notices, *notices), waiting=waiting)


def _looked(database: Database, ledger: Ledger, panel: Panel, now: dt.datetime | None) -> list[Readiness]:
    """How every index stands that is not done with yet; without `now` each is taken as it is."""
    done = _done(database, ledger, panel.as_of)
    if now is None:
        return [Readiness(index, "ready", 1.0, ()) for index in themes() if index not in done]
    return [ready for ready in readiness(panel, panel.as_of, now) if ready.index not in done]


def _done(database: Database, ledger: Ledger, monday: dt.date) -> set[str]:
    """Indices that are decided for the week of `monday` in every mode, or given up."""
    week = iso_week(monday)
    decided = {i for i in themes() if all(database.decisions.has_week(ledger, i, mode, week) for mode in modes())}
    given_up = {n.index for n in database.notices.since(ledger) if n.kind == NO_CHANGE and n.date == monday}
    return decided | given_up


def _give_up(database: Database, ledger: Ledger, as_of: dt.date, late: Sequence[Readiness]) -> list[Reply]:
    """Note that nothing changes this week in indices whose prices did not come in time; the week's message says so."""
    said = []
    for ready in late:
        reply = no_change(themes()[ready.index].title, ready.says)
        database.notices.add(ledger, as_of, ready.index, NO_CHANGE, reply.to_json())
        said.append(reply)
    return said


def _close_week(
    database: Database, monday: dt.date, now: dt.datetime, dry_run: bool, post: Posting | None
) -> tuple[Reply, ...]:
    """Give up what still waited when its Monday ended, and tell the week to those who waited with it."""
    left = themes().keys() - _done(database, "live", monday)
    if not left:
        return ()
    late = [Readiness(index, "given up", 0.0, (), MONDAY_ENDED) for index in themes() if index in left]
    told = post if now - dt.datetime.combine(monday, dt.time(), dt.UTC) < AGES["weekly"] else None
    with _kept_unless(dry_run, database):
        notices = _give_up(database, "live", monday, late)
        if told is not None:
            tell_week(database, monday, _done(database, "live", monday), (), told)
    return tuple(notices)


def run_due(
    database: Database,
    as_of: dt.date | None,
    now: dt.datetime,
    dry_run: bool = False,
    progress: Progress | None = None,
    post: Posting | None = None,
) -> Week:
    """Run what an instant asks for, in a process of its own: the week or day of `as_of`, or what is due at `now`."""
    date = as_of or now.date() - dt.timedelta(days=now.weekday())
    live = database.market.provenance("live") == "yes"
    ledger = "replay" if as_of else ledger_for(date, now, live)
    if as_of is None and live and now.date() != date and database.signals.at("live", date) is not None:
        closed = _close_week(database, date, now, dry_run, post)
        day = run_day(database, now.date(), "live", dry_run, post, now)
        return replace(day, notices=(*closed, *day.notices))
    if date.weekday() == 0:
        told = now if ledger == "live" else None
        return run_week(database, date, ledger, dry_run, progress, find_mismatches_apart, told, post)
    return run_day(database, date, ledger, dry_run, post)


def is_decided(database: Database, ledger: Ledger, monday: dt.date) -> bool:
    """Whether the week of `monday` stands in a ledger: every index decided in every mode, or given up."""
    return _done(database, ledger, monday) == themes().keys()


def run_day(
    database: Database,
    as_of: dt.date,
    ledger: Ledger,
    dry_run: bool = False,
    post: Posting | None = None,
    now: dt.datetime | None = None,
) -> Week:
    """Settle what waits and decide what a written trigger calls for, at 00:00 UTC of a day between two weeks.

    What is decided live is queued for its chats by `post`. A second run finds everything settled and answered. In the
    replay ledger the days before it are walked first. Where `now` is given nothing is done while fills wait for prices
    (`Week.waiting`), until 12:00 UTC. BadRequest where the week of that day was not decided.
    """
    _refuse_the_past(database, ledger, as_of)
    signals = database.signals.latest(ledger)
    if signals is None or not dt.timedelta() < as_of - signals.date < SIGNALS_SERVE:
        monday = as_of - dt.timedelta(days=as_of.weekday())
        raise BadRequest(
            f"{as_of} is no Monday, and its week is not decided in the {ledger} ledger: decide {monday} first."
        )
    panel = build_panel(database.market, as_of)
    check_eve(panel, as_of)
    if now is not None and (waiting := _unfilled(database, ledger, panel, now)):
        return replace(_outcome(as_of, ledger, database.journal.head(ledger), (), ()), waiting=waiting)
    with _kept_unless(dry_run, database):
        days = [*_catch_up(database, ledger, panel), _run_day(database, ledger, panel, post)]
    return _outcome(as_of, ledger, database.journal.head(ledger), days, ())


def _unfilled(database: Database, ledger: Ledger, panel: Panel, now: dt.datetime) -> tuple[Readiness, ...]:
    """The indices whose fills wait: what settles without its day's price stays unfilled for ever."""
    open_ = {stored.decision.index for stored in database.decisions.unsettled(ledger)}
    looked = readiness(panel, panel.as_of, now)
    return tuple(ready for ready in looked if ready.state == "waits" and ready.index in open_)


class _NotKept(Exception):
    """Rolls back what a dry run wrote."""


@contextmanager
def _kept_unless(dry_run: bool, database: Database) -> Iterator[None]:
    """One transaction around everything, taken back at its end where the run is dry."""
    with suppress(_NotKept), database.atomic():
        yield
        if dry_run:
            raise _NotKept


def _catch_up(database: Database, ledger: Ledger, panel: Panel) -> list[Day]:
    """Walk the days that no run has walked yet, up to the eve of `panel.as_of`."""
    return [_run_day(database, ledger, panel.until(day)) for day in _days_between(database, ledger, panel.as_of)]


def _days_between(database: Database, ledger: Ledger, as_of: dt.date) -> list[dt.date]:
    """The days of the newest decided week that were not walked yet, up to the eve of `as_of`; in live none."""
    signals = database.signals.latest(ledger)
    if signals is None or ledger == "live":
        return []
    last = max(decision.date for decision in newest(database, ledger).values())
    end = min(as_of, signals.date + SIGNALS_SERVE)
    return [last + dt.timedelta(days=k) for k in range(1, (end - last).days)]


def _run_day(database: Database, ledger: Ledger, panel: Panel, post: Posting | None = None) -> Day:
    signals = database.signals.latest(ledger)
    assert signals is not None
    date = panel.as_of
    decided = {track for track, decision in newest(database, ledger).items() if decision.date == date}
    standings = [s for s in _standings(database, ledger, date) if (s.index, s.mode) not in decided]
    result = compute_day(panel, signals, standings, standing_orders(database, ledger))
    return store(database, ledger, panel, signals, result, post=post)


def _refuse_the_past(database: Database, ledger: Ledger, as_of: dt.date) -> None:
    """Decisions of a ledger follow one another: a week before its newest one would begin a second history."""
    last = max((decision.date for decision in newest(database, ledger).values()), default=as_of)
    if last > as_of:
        raise BadRequest(f"the {ledger} ledger already reaches {last}: replay earlier weeks in another --database.")


def _standings(database: Database, ledger: Ledger, as_of: dt.date) -> Sequence[Standing]:
    """Where every track stands before `as_of`: its last portfolio, and a decision that still waits for its fill."""
    standings = []
    for index, mode in tracks():
        stored = database.decisions.latest(ledger, index, mode, before=as_of)
        portfolio = database.decisions.portfolio(ledger, index, mode, before=as_of)
        waits = stored.decision if stored and stored.settlement is None else None
        last = (stored.decision.date, stored.decision.sequence) if stored else None
        standings.append(Standing(index, mode, portfolio, waits, last))
    return standings


def _outcome(
    as_of: dt.date,
    ledger: Ledger,
    head: str | None,
    days: Sequence[Day],
    alerts: tuple[Alert, ...],
) -> Week:
    return Week(
        as_of,
        ledger,
        False,
        head,
        tuple(decision for day in days for decision in day.result.decisions),
        tuple(settlement for day in days for settlement in day.result.settlements),
        tuple(announced for day in days for announced in day.announced),
        alerts,
        tuple(notice for day in days for notice in day.notices),
    )


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
