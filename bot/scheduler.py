"""Says what is due, given what is stored and what time it is: nothing is remembered but what was done.

Whatever the clock does, a week is keyed by its Monday and a day by its date, and what is done is not due again. All in
UTC, so that no change of the clocks moves anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from engine.errors import StorageError
from storage.database import Database

Kind = Literal["tend", "fetch", "first", "week", "missed", "day"]

ALIVE = "alive"  # the agenda's name for the service's sign of life
FETCH_FROM = dt.time(0, 10)  # the day's last candle has closed, and sources have it
DECIDE_FROM = dt.time(0, 30)
FETCHES = 4  # a day
# Minutes between two tries of one thing, doubled each time up to the longest.
RESTS: Mapping[Kind, tuple[int, int]] = {
    "tend": (60, 360),
    "fetch": (20, 120),
    "first": (30, 360),
    "week": (15, 120),
    "missed": (60, 360),
    "day": (15, 120),
}


class Work(NamedTuple):
    """One thing to do, `about` a day (2026-11-23) or a slot of it."""

    kind: Kind
    about: str


@dataclass(frozen=True, slots=True)
class Tries:
    """How often one thing was tried without success, and when last."""

    about: str
    count: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What the schedule needs to know: whether live sources feed the market, the Monday of the newest live week and of
    the newest replayed one, and by kind what was last done and tried."""

    live: bool = False
    decided: dt.date | None = None
    replayed: dt.date | None = None
    done: Mapping[str, str] = field(default_factory=dict)
    tried: Mapping[str, Tries] = field(default_factory=dict)

    def needs(self, work: Work, now: dt.datetime) -> bool:
        """Whether something was not done yet and has rested since it was last tried."""
        if self.done.get(work.kind) == work.about:  # not "or later": a clock that was ahead must not hold things up
            return False
        tries = self.tried.get(work.kind)
        if tries is None or tries.about != work.about or tries.at > now:  # a clock that was set back tries again
            return True
        first, longest = RESTS[work.kind]
        return now - tries.at >= dt.timedelta(minutes=min(first * 2 ** (tries.count - 1), longest))


def due(stored: Stored, now: dt.datetime) -> list[Work]:
    """All that is due at `now`, in the order in which it is to be done."""
    return [work for work in _wanted(stored, now) if stored.needs(work, now)]


def _wanted(stored: Stored, now: dt.datetime) -> Iterator[Work]:
    today, clock = now.date(), now.time()
    monday = today - dt.timedelta(days=today.weekday())
    yield Work("tend", today.isoformat())
    if clock >= FETCH_FROM:
        yield Work("fetch", f"{today}/{clock.hour * FETCHES // 24}")
    if not stored.live:
        return
    decided = stored.decided == monday
    if stored.decided is None and stored.replayed is None and today != monday:
        yield Work("first", monday.isoformat())  # so that who begins on a Tuesday need not wait for a week
    over = monday if monday < today else monday - dt.timedelta(weeks=1)  # the last Monday that has ended
    if stored.decided is not None and stored.decided < over:
        yield Work("missed", over.isoformat())
    if clock < DECIDE_FROM:
        return
    if today == monday and (stored.decided is None or stored.decided <= monday):  # an index may still wait
        yield Work("week", monday.isoformat())
    if today != monday and decided:
        yield Work("day", today.isoformat())


def read_stored(database: Database) -> Stored:
    """What the database says was done."""
    notes = database.agenda.all()
    return Stored(
        database.market.provenance("live") == "yes" and not database.market.is_simulated(),
        database.signals.newest("live"),
        database.signals.newest("replay"),
        {name.removeprefix("done/"): value for name, (value, _) in notes.items() if name.startswith("done/")},
        {name.removeprefix("tried/"): _tries(value, at) for name, (value, at) in notes.items() if name[:6] == "tried/"},
    )


def note_done(database: Database, work: Work, now: dt.datetime, seconds: float | None = None) -> None:
    """Note that a thing is done, and how long it took."""
    database.agenda.note(f"done/{work.kind}", work.about, now)
    if seconds is not None:
        database.agenda.note(f"ran/{work.kind}", f"{seconds:.1f}", now)


def note_tried(database: Database, work: Work, now: dt.datetime) -> int:
    """Note a try and return the how many-th it is."""
    before = read_stored(database).tried.get(work.kind)
    count = before.count + 1 if before and before.about == work.about else 1
    database.agenda.note(f"tried/{work.kind}", f"{work.about} {count}", now)
    return count


def note_patience(database: Database, work: Work, now: dt.datetime) -> None:
    """Note that a try was no failure: the next comes after the shortest rest, and fetches what is missing before."""
    database.agenda.note(f"tried/{work.kind}", f"{work.about} 1", now)


def _tries(value: str, at: dt.datetime) -> Tries:
    about, _, count = value.rpartition(" ")
    if not count.isdecimal():
        raise StorageError(f"the agenda holds {value!r}, which no schedule wrote: restore the latest backup.")
    return Tries(about, int(count), at)
