"""Whether the bot does its work, by facts in the database: writing, sources, decisions, fills, and messages.

`alive` is what /healthz means: restart the process where it fails. `ready` is what /readyz means: somebody should look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.finding import Finding
from bot.lock import is_running
from bot.phrases import counted, day
from bot.queue_state import stuck_queues
from bot.scheduler import read_stored
from engine.errors import CrierError, StorageError
from storage.database import Database, open_database

FETCH_WITHIN = dt.timedelta(hours=18)  # four times a day, each tried again for hours
DECIDE_WITHIN = dt.timedelta(hours=13)  # after Monday 00:00 UTC; an index may wait for its prices until noon
SETTLE_WITHIN = dt.timedelta(hours=30)  # after a day's 00:00 UTC
PROBE = "probe"  # the agenda's name for the proof that it can be written


Check = Callable[[Database, dt.datetime], Finding]


def alive(database: Database, now: dt.datetime) -> list[Finding]:
    """Whether the database answers and takes what is written."""
    return [_tried("writing", _writing, database, now)]


def ready(database: Database, now: dt.datetime) -> list[Finding]:
    """Whether it is alive, data is fresh, decisions were made and messages go out."""
    checks = {"fetching": _fetching, "deciding": _deciding, "settling": _settling, "sending": _sending}
    return alive(database, now) + [_tried(name, check, database, now) for name, check in checks.items()]


def probe(path: Path, now: dt.datetime, readiness: bool = False) -> list[Finding]:
    """The same from outside the service's process, and first of all whether the service runs."""
    if not path.is_file():
        return [Finding("database", False, f"there is no database at {path}: crier run makes one")]
    running = is_running(path)
    says = "crier run is running" if running else "crier run is not running on this database: start it"
    try:
        database = open_database(path)
    except StorageError as error:
        return [Finding("database", False, str(error))]
    try:
        return [Finding("service", running, says), *(ready if readiness else alive)(database, now)]
    finally:
        database.close()


def _tried(name: str, check: Check, database: Database, now: dt.datetime) -> Finding:
    try:
        return check(database, now)
    except CrierError as error:
        return Finding(name, False, str(error))


def _writing(database: Database, now: dt.datetime) -> Finding:
    with database.atomic():
        database.agenda.note(PROBE, "", now)
    return Finding("writing", True, "the database takes what is written")


def _fetching(database: Database, now: dt.datetime) -> Finding:
    """When the live sources last had all they were asked for; an archive and a simulated market need none."""
    notes = database.agenda.all()
    answers = [status.answered for status in database.sources.statuses().values() if status.answered]
    instants = [dt.datetime.fromisoformat(answer) for answer in answers]
    newest = max([*instants, *(at for name, (_, at) in notes.items() if name == "done/fetch")], default=None)
    if not read_stored(database).live and (newest is not None or "tried/fetch" not in notes):
        return Finding("fetching", True, "the market is not fed by live sources")
    if newest is None:
        return Finding("fetching", False, "no live source ever answered: run crier fetch, and look at what it says")
    if now - newest > FETCH_WITHIN:
        says = f"the last fetch was {_hours(now - newest)} ago: see that crier run runs, or run crier fetch"
        return Finding("fetching", False, says)
    return Finding("fetching", True, f"fetched {_hours(now - newest)} ago")


def _deciding(database: Database, now: dt.datetime) -> Finding:
    """Whether the last decision that was due stands in the ledger."""
    stored = read_stored(database)
    monday = now.date() - dt.timedelta(days=now.weekday())
    if not stored.live:
        return Finding("deciding", True, "no live decision is due: the market is not fed by live sources")
    if stored.decided is None:
        return Finding("deciding", True, f"the first live decision is due on {day(_next_monday(now))}")
    if stored.decided < monday and now - _midnight(monday) > DECIDE_WITHIN:
        says = f"the week of {day(monday)} is not decided, the last one is that of {day(stored.decided)}"
        return Finding("deciding", False, f"{says}: see the log of crier run for why")
    return Finding("deciding", True, f"the week of {day(stored.decided)} is decided")


def _settling(database: Database, now: dt.datetime) -> Finding:
    """Whether what was decided is filled once its day has closed."""
    waiting = [stored.decision.date for stored in database.decisions.unsettled("live")]
    late = sorted(date for date in waiting if now - _midnight(date + dt.timedelta(days=1)) > SETTLE_WITHIN)
    if late:
        says = f"{counted(len(late), 'decision')} since {day(late[0])} not filled: see the log of crier run for why"
        return Finding("settling", False, says)
    return Finding("settling", True, f"{counted(len(waiting), 'decision')} waiting for the day's close")


def _sending(database: Database, now: dt.datetime) -> Finding:
    """Whether anything has been due for long and was not sent."""
    stuck = stuck_queues(database, now)
    if stuck:
        says = "; ".join(f"{name} has sent nothing that was due for {_hours(age)}" for name, age in stuck.items())
        return Finding("sending", False, f"{says}: see that crier run runs and its token counts")
    waiting = sum(queue.waiting for queue in database.outbox.queues(now))
    return Finding("sending", True, f"{counted(waiting, 'message')} waiting")


def told(findings: list[Finding]) -> Iterator[str]:
    """`writing: ok, the database takes what is written`, a line each, as a probe shows it."""
    for finding in findings:
        yield f"{finding.check}: {'ok' if finding.ok else 'FAIL'}, {finding.says}"


def _hours(age: dt.timedelta) -> str:
    minutes = max(int(age.total_seconds() // 60), 0)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _midnight(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), dt.UTC)


def _next_monday(now: dt.datetime) -> dt.date:
    return now.date() + dt.timedelta(days=7 - now.weekday() if now.weekday() or now.hour >= 12 else 0)
